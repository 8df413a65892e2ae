#include "tools/arguments/arguments.h"

#include <optional>

#include "schema/nearest_name.h"
#include "tools/text/shown.h"
#include "tools/text/words.h"

namespace postern::arguments {
namespace {

constexpr const char* empty = "is empty; give a value, or leave it out";

std::string refuse_empty(const CLI::App& app, const std::string& value) {
  if (!value.empty()) return {};
  const bool clears = app.get_option_no_throw("--clear") != nullptr;
  return empty + std::string(clears ? "; what is there is taken away with --clear" : "");
}

/// CLI11 takes the next argument for the value that `--name=` lacks.
void refuse_empty_assignments(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") return;
    const auto equals = argument.find('=');
    if (argument.starts_with("--") && equals + 1 == argument.size())
      throw CLI::ValidationError(argument.substr(0, equals), empty);
  }
}

/// Before all other checks, so that none can take an empty text for good or speak of it otherwise.
void watch(CLI::App& app) {
  for (CLI::Option* option : app.get_options())
    if (option->get_items_expected_max() > 0)
      option->transform(CLI::Validator(
          [&app](std::string& value) { return refuse_empty(app, value); }, std::string()));
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) watch(*command);
}

/// CLI11 takes "[]" for a list without entries, and then the option for one not given.
void refuse_empty_lists(const CLI::App& app) {
  for (const CLI::Option* option : app.parse_order())
    if (option->empty()) throw CLI::ValidationError(option->get_name(), empty);
  for (const CLI::App* command : app.get_subcommands()) refuse_empty_lists(*command);
}

/// The program, and what was named of it: its verb, or its noun and a verb of that.
std::vector<const CLI::App*> named(const CLI::App& app) {
  std::vector<const CLI::App*> all = {&app};
  for (const CLI::App* command : app.get_subcommands())
    for (const CLI::App* one : named(*command)) all.push_back(one);
  return all;
}

/// Its dashes, which all have, make no two of them alike.
std::optional<std::string> nearest_option(const CLI::App& app, std::string_view option) {
  std::vector<std::string> names;
  for (const CLI::App* one : named(app))
    for (const CLI::Option* known : one->get_options())
      for (const std::string& name : known->get_lnames()) names.push_back(name);
  const auto nearest = schema::nearest_name(names, option.substr(2));
  return nearest ? std::optional("--" + *nearest) : std::nullopt;
}

/// Of the last that has any.
std::vector<std::string> known_verbs(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* one : named(app)) {
    std::vector<std::string> own;
    for (const CLI::App* command : one->get_subcommands([](const CLI::App*) { return true; }))
      own.push_back(command->get_name());
    if (!own.empty()) names = std::move(own);
  }
  return names;
}

/// The name that errors tell: the first.
std::string shown_name(const Option& option) { return text::split_list(option.names).front(); }

/// What CLI11 makes of each kind of target.
struct Declaration {
  CLI::App& app;
  const Option& option;

  template <class Value>
  CLI::Option* operator()(Value* value) const {
    return app.add_option(option.names, *value, option.help);
  }
  CLI::Option* operator()(bool* flag) const {
    return app.add_flag(option.names, *flag, option.help);
  }
  CLI::Option* operator()(std::optional<bool>* flag) const {
    return app.add_flag(option.names, *flag, option.help);
  }
  CLI::Option* operator()(const Reader& reader) const {
    const auto take = [shown = shown_name(option), reader](const CLI::results_t& given) {
      if (!reader.read(given.back())) throw CLI::ValidationError(shown, "takes " + reader.wanted);
      return true;
    };
    return app.add_option(option.names, take, option.help);
  }
  CLI::Option* operator()(const List& list) const {
    const auto take = [shown = shown_name(option), list](const CLI::results_t& given) {
      list.entries->clear();
      for (const std::string& typed : given)
        for (std::string& entry : text::split_list(typed)) {
          if (entry.empty()) throw CLI::ValidationError(shown, "has an empty entry");
          list.entries->push_back(std::move(entry));
        }
      return true;
    };
    return app.add_option(option.names, take, option.help)->expected(1, -1);
  }
};

}  // namespace

CLI::Option* declare(CLI::App& app, const Option& option) {
  CLI::Option* declared = std::visit(Declaration{app, option}, option.target);
  declared->required(option.is_required);
  if (!option.is_flag()) declared->type_name(option.type);
  if (!option.part_of_help.empty()) declared->group(option.part_of_help);
  if (!option.variable.empty()) declared->envname(option.variable);
  if (!option.choices.empty()) declared->check(CLI::IsMember(option.choices));
  if (option.fault_of) declared->check(option.fault_of);
  if (option.has_one_value_each) declared->allow_extra_args(false);
  if (option.is_bare) declared->disable_flag_override();
  for (const std::string& other : option.excluded) declared->excludes(other);
  return declared;
}

void declare(CLI::App& app, const Options& options) {
  for (const Option& option : options.all()) declare(app, option);
}

void parse(CLI::App& app, const std::vector<std::string>& arguments) {
  refuse_empty_assignments(arguments);
  watch(app);
  // CLI11 takes them from the back.
  app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  refuse_empty_lists(app);
}

std::string told_unknown(const CLI::App& app, const std::string& option) {
  const std::string told = " " + text::printable(option);
  const auto nearest = nearest_option(app, option);
  return nearest ? told + " (the nearest is " + *nearest + ")" : told;
}

std::string nearest_verb(const CLI::App& app, const std::string& word) {
  return schema::nearest_told(known_verbs(app), word);
}

std::string nearest_known(const CLI::App& app) {
  std::string lines;
  for (const std::string& word : app.remaining(true)) {
    const std::string name = word.substr(0, word.find('='));
    const bool is_option = name.starts_with("--");
    const auto nearest =
        is_option ? nearest_option(app, name) : schema::nearest_name(known_verbs(app), name);
    if (nearest) lines += "The nearest of " + text::printable(name) + " is " + *nearest + ".\n";
    if (!is_option) break;
  }
  return lines;
}

std::vector<std::string> split_words(const std::string& line) {
  return CLI::detail::split_up(line);
}

}  // namespace postern::arguments
