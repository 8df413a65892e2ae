#include "tools/arguments/manual.h"

#include <algorithm>
#include <functional>
#include <set>

namespace postern::arguments {
namespace {

/// Text as troff takes it: no sign of it is a command, and hyphens can be copied.
std::string troff(const std::string& text) {
  std::string out;
  bool begins = true;
  for (const char letter : text) {
    if (begins && (letter == '.' || letter == '\'')) out += "\\&";
    begins = letter == '\n';
    if (letter == '\\')
      out += "\\e";
    else if (letter == '-')
      out += "\\-";
    else
      out += letter;
  }
  return out;
}

std::string bold(const std::string& text) { return "\\fB" + troff(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + troff(text) + "\\fR"; }

using Commands = std::vector<const CLI::App*>;

Commands commands_of(const CLI::App& app) {
  const auto all = app.get_subcommands([](const CLI::App*) { return true; });
  return {all.begin(), all.end()};
}

bool is_shown(const CLI::Option& option) { return !option.get_group().empty(); }

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

/// "-h,--help", "--data DIR": bold what is typed, italic what stands for something.
std::string option_line(const CLI::Option& option) {
  std::string line;
  const auto add = [&](const std::string& name) {
    line += (line.empty() ? "" : ", ") + bold(name);
  };
  for (const std::string& name : option.get_snames()) add("-" + name);
  for (const std::string& name : option.get_lnames()) add("--" + name);
  if (line.empty()) return italic(option.get_name(true));
  if (takes_value(option)) line += " " + italic(option.get_type_name());
  return line;
}

std::string option_entry(const CLI::Option& option) {
  std::string text = ".TP\n" + option_line(option) + "\n" + troff(option.get_description());
  if (option.get_required()) text += " (needed)";
  if (!option.get_envname().empty()) text += " [" + option.get_envname() + "]";
  return text + "\n";
}

/// Those that stand under the heading of the help that every command has.
bool is_common(const CLI::Option& option) {
  return option.get_group() != "Options" && option.get_group() != "Positionals";
}

std::string options_text(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : app.get_options())
    if (is_shown(*option) && !is_common(*option) && option != app.get_help_ptr())
      text += option_entry(*option);
  return text;
}

/// Runs for each command that does something, with the words that name it.
void for_each_command(const CLI::App& app, const std::string& path,
                      const std::function<void(const CLI::App&, const std::string&)>& tell) {
  for (const CLI::App* command : commands_of(app)) {
    const std::string name = path.empty() ? command->get_name() : path + " " + command->get_name();
    if (commands_of(*command).empty())
      tell(*command, name);
    else
      for_each_command(*command, name, tell);
  }
}

std::string example_text(const CLI::App& command) {
  constexpr std::string_view heading = "Example:\n  ";
  const std::string footer = command.get_footer();
  if (!footer.starts_with(heading)) return {};
  return ".PP\n.EX\n" + troff("    " + footer.substr(heading.size())) + "\n.EE\n";
}

std::string command_text(const CLI::App& command, const std::string& name) {
  std::string line = name;
  for (const CLI::Option* option : command.get_options())
    if (option->get_positional() && is_shown(*option)) line += " " + option->get_name(true);
  return ".SS \"" + troff(line) + "\"\n" + troff(command.get_description()) + "\n" +
         options_text(command) + example_text(command);
}

/// Each group of options that many commands take, once.
std::string common_text(const CLI::App& app) {
  std::string text;
  std::set<std::string> told;
  for_each_command(app, "", [&](const CLI::App& command, const std::string&) {
    for (const CLI::Option* option : command.get_options()) {
      if (!is_shown(*option) || !is_common(*option)) continue;
      if (told.insert(option->get_group()).second) text += ".SH \"" + option->get_group() + "\"\n";
      if (told.insert(option->get_name()).second) text += option_entry(*option);
    }
  });
  return text;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  return text;
}

/// "see posternd(8)" in bold and plain.
std::string see_also_text(const std::vector<std::string>& pages) {
  std::string text;
  for (const std::string& page : pages) {
    const auto bracket = page.find('(');
    text +=
        (text.empty() ? ".BR " : ",\n.BR ") + page.substr(0, bracket) + " " + page.substr(bracket);
  }
  return ".SH SEE ALSO\n" + text + "\n";
}

std::string manual_page(const CLI::App& app, const Manual& manual) {
  const std::string name = app.get_name();
  std::string page = ".TH " + upper(name) + " " + std::to_string(manual.section) +
                     " \"\" \"Postern " + manual.version + "\" \"Postern\"\n";
  page += ".SH NAME\n" + troff(name) + " \\- " + troff(manual.summary) + "\n";
  page += ".SH SYNOPSIS\n" + bold(name) + " [" + italic("OPTION") + "]... [" + italic("COMMAND") +
          " [" + italic("ARGUMENT") + "]...]\n.br\n" + bold(name) + " [" + italic("COMMAND") +
          "] " + bold("--help") + "\n";
  page += ".SH DESCRIPTION\n" + troff(app.get_description()) + "\n";
  page += ".SH OPTIONS\n" + options_text(app);
  page += ".SH COMMANDS\n";
  for_each_command(app, "", [&](const CLI::App& command, const std::string& path) {
    page += command_text(command, path);
  });
  page += common_text(app);
  if (!app.get_footer().empty()) page += ".SH NOTES\n" + troff(app.get_footer()) + "\n";
  if (!manual.files.empty()) page += ".SH FILES\n";
  for (const auto& [path, what] : manual.files)
    page += ".TP\n" + italic(path) + "\n" + troff(what) + "\n";
  return page + see_also_text(manual.see_also);
}

// ---- completions

/// What may stand behind these words.
struct Place {
  /// "", "tenant", "tenant create"
  std::string path;
  std::vector<std::string> commands;
  std::vector<std::string> options;
  /// Of these, those whose value is the next word.
  std::set<std::string> valued;
};

void add_options(const CLI::App& app, Place& place) {
  for (const CLI::Option* option : app.get_options()) {
    if (!is_shown(*option)) continue;
    for (const std::string& name : option->get_lnames()) {
      const std::string typed = "--" + name;
      if (std::ranges::find(place.options, typed) != place.options.end()) continue;
      place.options.push_back(typed);
      if (takes_value(*option)) place.valued.insert(typed);
    }
  }
}

/// `outer`: what may stand behind the words before.
void find_places(const CLI::App& app, const Place& outer, std::vector<Place>& places) {
  Place place{outer.path, {}, outer.options, outer.valued};
  add_options(app, place);
  for (const CLI::App* command : commands_of(app)) place.commands.push_back(command->get_name());
  places.push_back(place);
  for (const CLI::App* command : commands_of(app)) {
    Place inner = place;
    inner.path += (inner.path.empty() ? "" : " ") + command->get_name();
    find_places(*command, inner, places);
  }
}

/// Options whose value is the next word, so that this is not taken for a command.
std::string valued_options(const CLI::App& app) {
  std::set<std::string> names;
  const auto note = [&](const CLI::App& one) {
    for (const CLI::Option* option : one.get_options())
      if (takes_value(*option))
        for (const std::string& name : option->get_lnames()) names.insert("--" + name);
  };
  note(app);
  for_each_command(app, "", [&](const CLI::App& command, const std::string&) { note(command); });
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : "|") + name;
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// The part that bash and zsh share: from the words before the cursor to those that may come.
std::string shell_cases(const CLI::App& app, const std::vector<Place>& places) {
  std::string text =
      "  for word in \"${before[@]}\"; do\n    if [[ $skip == yes ]]; then skip=no; "
      "continue; fi\n    case $word in\n      " +
      valued_options(app) + ") skip=yes; continue ;;\n      -*) continue ;;\n" +
      "    esac\n    case \"$place${place:+ }$word\" in\n      ";
  std::string known;
  for (const Place& place : places)
    if (!place.path.empty()) known += (known.empty() ? "'" : "|'") + place.path + "'";
  text += known + ") place=\"$place${place:+ }$word\" ;;\n    esac\n  done\n";
  text += "  case $place in\n";
  for (const Place& place : places)
    text += "    '" + place.path + "') verbs='" + joined(place.commands) + "' flags='" +
            joined(place.options) + "' ;;\n";
  return text + "  esac\n";
}

/// A value, or a word where no command stands: the program knows what; else it is a file's name.
constexpr const char* asks_program =
    "  if [[ $skip == yes || ( -z $verbs && $current != -* ) || $current == --*=* ]]; then\n";

/// Words as they are typed: bash parts them at '=', '@' and ':' too.
constexpr const char* bash_words =
    "  local word rest=${COMP_LINE:0:COMP_POINT} number\n"
    "  local -a typed=()\n"
    "  for ((number = 0; number <= COMP_CWORD; number++)); do\n"
    "    word=${COMP_WORDS[number]}\n"
    "    ((number < COMP_CWORD)) || word=${rest#\"${rest%%[![:blank:]]*}\"}\n"
    "    if ((number > 0)) && [[ $rest != [[:blank:]]* ]]; then typed[-1]+=$word\n"
    "    else typed+=(\"$word\"); fi\n"
    "    rest=${rest#*\"$word\"}\n"
    "  done\n"
    "  local current=${typed[-1]}\n"
    "  local -a before=(\"${typed[@]:1:${#typed[@]}-2}\")\n";

/// What bash takes for the word begins behind what it parted it at.
constexpr const char* bash_names =
    "    if word=$(\"${1/#\\~/$HOME}\" --complete \"${before[@]}\" \"$current\" </dev/null "
    "2>/dev/null); then\n"
    "      compopt +o default 2>/dev/null\n"
    "      [[ -z $word ]] || mapfile -t COMPREPLY <<<\"$word\"\n"
    "      rest=${current%\"$2\"}\n"
    "      COMPREPLY=(\"${COMPREPLY[@]#\"$rest\"}\")\n"
    "    fi\n";

std::string bash_completion(const CLI::App& app, const std::vector<Place>& places,
                            const Manual& manual) {
  const std::string& name = app.get_name();
  std::string function = "_" + name;
  std::ranges::replace(function, '-', '_');
  return "# bash completion for " + name + "\n" + function +
         "() {\n  local place='' skip=no verbs='' flags=''\n" + bash_words + "  COMPREPLY=()\n" +
         shell_cases(app, places) + asks_program + (manual.answers_complete ? bash_names : "") +
         "    return\n  fi\n" +
         "  [[ $current == -* ]] && verbs=$flags\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$verbs\" -- \"$current\")\n}\n"
         "complete -o default -F " +
         function + " " + name + "\n";
}

constexpr const char* zsh_names =
    "    if word=$(${~words[1]} --complete \"${before[@]}\" \"$current\" </dev/null 2>/dev/null); "
    "then\n"
    "      compadd -- ${(f)word}\n"
    "      return\n"
    "    fi\n";

/// `path`, `commands` and `options` are zsh's own.
std::string zsh_completion(const CLI::App& app, const std::vector<Place>& places,
                           const Manual& manual) {
  return "#compdef " + app.get_name() +
         "\nlocal place='' skip=no verbs='' flags='' word current=${(Q)PREFIX}\n"
         "local -a before\nbefore=(\"${(@Q)words[2,CURRENT-1]}\")\nif true; then\n" +
         shell_cases(app, places) + asks_program + (manual.answers_complete ? zsh_names : "") +
         "    _files\n    return\n  fi\n"
         "  [[ $current == -* ]] && verbs=$flags\n"
         "  compadd -- ${=verbs}\nfi\n";
}

/// The program is asked once for each list: its answer is kept from the condition to the words. It
/// gives a value with the option it stands behind, fish wants it without.
std::string fish_names(const std::string& name) {
  const std::string ask = name + " --complete $words[2..] \"$current\" </dev/null 2>/dev/null";
  return "function __" + name +
         "_names\n  set -l words (commandline -opc)\n  set -l current (commandline -ct)\n"
         "  set -g __" +
         name + "_found (" + ask + ")\nend\nfunction __" + name + "_value\n  if __" + name +
         "_names\n    string replace -r -- '^--[^=]*=' '' $__" + name +
         "_found\n  else\n    __fish_complete_path (commandline -ct)\n  end\nend\n"
         "complete -c " +
         name + " -n __" + name + "_names -f -a '$__" + name + "_found'\n";
}

/// Behind these words, and before any of what may follow them.
std::string fish_condition(const Place& place) {
  std::string condition;
  std::string words = place.path + " ";
  for (std::size_t at = 0; !place.path.empty() && (at = words.find(' ')) != words.npos;
       words.erase(0, at + 1))
    condition += std::string(condition.empty() ? "" : "; and ") + "__fish_seen_subcommand_from " +
                 words.substr(0, at);
  return condition.empty() ? "__fish_use_subcommand" : condition;
}

std::string fish_completion(const CLI::App& app, const std::vector<Place>& places,
                            const Manual& manual) {
  const std::string& name = app.get_name();
  std::string text = "# fish completion for " + name + "\n";
  if (manual.answers_complete) text += fish_names(name);
  const std::string value = manual.answers_complete ? " -r -f -a '(__" + name + "_value)'" : " -r";
  for (const Place& place : places) {
    const std::string condition = fish_condition(place);
    const std::string begin = "complete -c " + name + " -n '" + condition;
    const std::string commands = joined(place.commands);
    const std::string none =
        place.path.empty() ? "" : "; and not __fish_seen_subcommand_from " + commands;
    if (!commands.empty()) text += begin + none + "' -f -a '" + commands + "'\n";
    for (const std::string& option : place.options)
      text +=
          begin + "' -l " + option.substr(2) + (place.valued.contains(option) ? value : "") + "\n";
  }
  return text;
}

std::string completion(const CLI::App& app, const std::string& shell, const Manual& manual) {
  std::vector<Place> places;
  find_places(app, {}, places);
  if (shell == "bash") return bash_completion(app, places, manual);
  if (shell == "zsh") return zsh_completion(app, places, manual);
  return fish_completion(app, places, manual);
}

}  // namespace

bool asks_for_text(const std::vector<std::string>& given) {
  if (given.size() == 1) return given[0] == "--man";
  return given.size() == 2 && given[0] == "--completion" &&
         (given[1] == "bash" || given[1] == "zsh" || given[1] == "fish");
}

std::optional<std::string> text_asked_for(const std::vector<std::string>& given,
                                          const CLI::App& app, const Manual& manual) {
  if (!asks_for_text(given)) return std::nullopt;
  return given.size() == 1 ? manual_page(app, manual) : completion(app, given[1], manual);
}

}  // namespace postern::arguments
