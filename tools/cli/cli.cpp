#include "tools/cli/cli.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/arguments/arguments.h"
#include "tools/arguments/manual.h"
#include "tools/cli/completion.h"
#include "tools/cli/differences.h"
#include "tools/cli/list.h"
#include "tools/text/numbers.h"
#include "tools/text/output.h"
#include "tools/text/shown.h"
#include "tools/text/time_zone.h"

namespace postern::cli {
namespace {

constexpr const char* about =
    "The command line of Postern, which manages API users.\n"
    "Data goes to standard output, talk to standard error; times are RFC 3339 in UTC,\n"
    "or in the zone that --time-zone names.";

constexpr const char* exit_code_help =
    "Exit codes: 0 done, allowed; 1 refused, denied; 64 usage, 65 damaged data, 66 missing,\n"
    "69 unreachable, 70 bug, 73 cannot create, 74 input/output, 75 busy, 76 protocol,\n"
    "77 not permitted. An outage never reads as denied.";

/// What its man page says beside its help.
arguments::Manual manual() {
  return {
      1,
      "the command line of Postern, which manages API users",
      {{"/run/postern", "The ipc sockets of the packaged daemon, for members of the group postern"},
       {"/var/lib/postern", "The data folder of the packaged daemon"}},
      {"posternd(8)", "postern-replay(1)", "postern.toml(5)"},
      POSTERN_VERSION,
      true};
}

/// A verb that was named, and what runs it.
struct Prepared {
  CLI::App* command;
  Handler handler;
  Kind kind;
};

/// All that the arguments set.
struct Arguments {
  Settings settings;
  ChangeSettings change;
};

void add_access_options(Options& options, Access& access) {
  options
      .add("--data", &access.data,
           "The daemon's data folder: addresses and the owner's key come from it")
      .environment("POSTERN_DATA")
      .type_name("DIR");
  options
      .add_number("--port-base", access.port_base,
                  "Ports are N+1 commands, N+2 queries, N+3 history; 7600 if left out", {1, 65'530})
      .environment("POSTERN_PORT_BASE");
  options
      .add("--endpoint", &access.endpoint,
           "Host of the daemon, if not this one; or ipc:///FOLDER of its ipc sockets")
      .environment("POSTERN_ENDPOINT")
      .type_name("ADDR");
  options
      .add("--key", &access.key, "Your key pair, as 'operator add --key-out' writes it; mode 0600")
      .environment("POSTERN_KEY")
      .type_name("FILE");
  options
      .add("--signing-key", &access.signing_key,
           "Sign every command with this key, as 'operator add --signing-key-out' writes it")
      .environment("POSTERN_SIGNING_KEY")
      .type_name("FILE");
  options
      .add("--server-key", &access.server_key, "The server's public key in Z85, or a file with it")
      .environment("POSTERN_SERVER_KEY")
      .type_name("KEY|FILE");
  options
      .add("--checkpoint-file", &access.checkpoint,
           "Where the newest checkpoint is remembered, which the history must extend; if "
           "left out KEY.checkpoint, or seen-checkpoint in the data folder")
      .environment("POSTERN_CHECKPOINT_FILE")
      .type_name("FILE");
  options
      .add("--no-checkpoint", &access.without_checkpoint,
           "Remember no checkpoint, and do not check the history against one")
      .excludes("--checkpoint-file");
}

/// Of one answer.
void add_timeouts(Options& options, std::chrono::milliseconds& timeout) {
  const auto read_timeout = [&timeout](const std::string& typed) {
    constexpr std::uint64_t most = 3'600'000;
    const auto read = text::read_milliseconds(typed);
    if (read && *read > 0 && *read <= most) timeout = std::chrono::milliseconds(*read);
    return read && *read > 0 && *read <= most;
  };
  const arguments::Reader timeouts{read_timeout, "seconds: 0.001 to 3600"};
  options
      .add("--answer-timeout", timeouts, "Seconds to wait for the daemon's answer; 10 if left out")
      .environment("POSTERN_ANSWER_TIMEOUT")
      .type_name("SECONDS");
  options.add("--timeout", timeouts, "The same; not behind a verb that takes --session-timeout")
      .environment("POSTERN_TIMEOUT")
      .type_name("SECONDS");
}

void add_global_options(Options& options, Settings& settings) {
  add_access_options(options, settings.access);
  options.add("--tenant", &settings.tenant, "Alias of the tenant it is about")
      .environment("POSTERN_TENANT")
      .type_name("ALIAS");
  add_timeouts(options, settings.access.timeout);
  options
      .add("--time-zone", &settings.time_zone,
           "Show times in this zone, as Europe/Zurich; UTC if left out")
      .environment("POSTERN_TIME_ZONE")
      .type_name("ZONE");
  arguments::add_output(options, settings.format);
}

void add_change_options(Options& options, ChangeSettings& change) {
  const auto group = "Options of every change";
  options.add("--dry-run", &change.dry_run, "Show what would happen, change nothing").group(group);
  options.add("--yes", &change.yes, "Do not ask, at a terminal, before what reaches far")
      .group(group);
  options.add("--reason", &change.reason, "Why, kept with the record; 1 KiB").group(group);
  options
      .add("--preview",
           arguments::Reader{[&change](const std::string& text) {
                               change.preview_days = read_days(text);
                               return change.preview_days != 0;
                             },
                             "a number of days up to 400, as 30d"},
           "Do nothing; show which recorded calls of these days it would have denied or allowed")
      .type_name("DAYS")
      .group(group);
  options
      .add_number("--expect-version", change.expected_version,
                  "Refuse if the user has another version", {1})
      .group(group);
  options
      .add("--guard", &change.guard,
           "Refuse it where it takes away what was used ('unused'), or would deny a call recorded "
           "in "
           "the last days ('30d'); both with a comma")
      .group(group);
  options.add("--id", &change.id, "Id of the command, a UUIDv7; the same again acts once")
      .group(group);
}

/// Of a verb that is not named only its line in the help is made, since none of its options can be
/// asked for.
void add_verb(CLI::App& parent, const Verb& verb, bool is_named, Arguments& asked,
              std::vector<Prepared>& prepared) {
  auto* command = parent.add_subcommand(std::string(verb.name), std::string(verb.summary));
  if (!is_named) return;
  command->fallthrough();
  Options options;
  auto handler = verb.prepare(options);
  if (verb.kind == Kind::changes) add_change_options(options, asked.change);
  if (verb.kind == Kind::lists) add_columns_option(options, asked.settings.columns);
  arguments::declare(*command, options);
  command->footer(fmt::format("Example:\n  postern {}", verb.example));
  prepared.push_back({command, std::move(handler), verb.kind});
}

void add_nouns(CLI::App& app, const std::vector<std::string>& given, Arguments& asked,
               std::vector<Prepared>& prepared) {
  const bool all = arguments::asks_for_text(given);
  const auto is_named = [&](std::string_view name) {
    return all || std::ranges::find(given, name) != given.end();
  };
  for (const auto& noun : nouns()) {
    CLI::App* parent = &app;
    if (!noun.name.empty()) {
      parent = app.add_subcommand(std::string(noun.name), std::string(noun.summary));
      if (!is_named(noun.name)) continue;
      parent->fallthrough();
      parent->require_subcommand(0, 1);
    }
    for (const auto& verb : noun.verbs)
      add_verb(*parent, verb, is_named(verb.name), asked, prepared);
  }
}

/// The guides of the reference systems call a session's time-out just that, so behind a verb that
/// takes one it is not taken for another.
void refuse_mistakable(const std::vector<std::string>& given, const CLI::App& command) {
  if (command.get_option_no_throw("--session-timeout") == nullptr) return;
  const auto is_timeout = [](const std::string& word) {
    return word == "--timeout" || word.starts_with("--timeout=");
  };
  if (std::any_of(std::ranges::find(given, command.get_name()), given.end(), is_timeout))
    throw CLI::ValidationError("--timeout",
                               "it could be a session's, which is --session-timeout, or how long "
                               "to wait for the daemon's answer, which is --answer-timeout");
}

void say(std::ostream& talk, const Stop& stop) {
  if (stop.sentence.empty()) return;
  talk << "postern: " << text::printable(stop.sentence) << '\n';
  if (!stop.remedy.empty()) talk << "         " << text::printable(stop.remedy) << '\n';
}

int run_handler(const Arguments& asked, const Handler& handler, Streams streams) {
  try {
    if (!text::set_time_zone(asked.settings.time_zone))
      stop_usage("There is no time zone '" + text::printable(asked.settings.time_zone) + "'.",
                 "Take an IANA name, as Europe/Zurich; the package tzdata holds them.");
    Session session(asked.settings, asked.change, streams);
    const int code = handler(session);
    streams.out.flush();
    if (!streams.out)
      throw Stop{exit_codes::input_output, "Cannot write to standard output.",
                 "What was done, was done; see 'events list'."};
    return code;
  } catch (const Stop& stop) {
    streams.out.flush();
    say(streams.talk, stop);
    return stop.exit_code;
  }
}

/// What is too much may be a password, so of options the name alone is told, and the rest counted;
/// but where the verb should stand, a word is told.
std::string unexpected(const CLI::App& app, bool has_verb) {
  std::string options;
  std::vector<std::string> words;
  for (const std::string& word : app.remaining(true)) {
    if (word.starts_with("--"))
      options += arguments::told_unknown(app, word.substr(0, word.find('=')));
    else
      words.push_back(word);
  }
  if (!has_verb && !words.empty())
    return fmt::format("There is no '{}'{}.\n", text::printable(words[0]),
                       arguments::nearest_verb(app, words[0]));
  std::string text = "It does not take" + options;
  if (!words.empty())
    text += fmt::format("{} {} more argument{}", options.empty() ? "" : ", nor", words.size(),
                        words.size() == 1 ? "" : "s");
  return text + ".\n";
}

int run_parsed(const std::vector<std::string>& given, Streams streams) {
  CLI::App app(about, "postern");
  Arguments asked;
  std::vector<Prepared> prepared;
  app.set_version_flag("--version", "postern " POSTERN_VERSION);
  app.footer(exit_code_help);
  Options options;
  add_global_options(options, asked.settings);
  arguments::declare(app, options);
  // One noun and one verb: a word behind them is never taken for another.
  app.require_subcommand(0, 1);
  add_nouns(app, given, asked, prepared);
  if (const auto text = arguments::text_asked_for(given, app, manual())) {
    streams.out << *text;
    return exit_codes::yes;
  }
  try {
    arguments::parse(app, given);
    for (const Prepared& one : prepared)
      if (one.command->parsed()) refuse_mistakable(given, *one.command);
  } catch (const CLI::ExtrasError&) {
    const bool has_verb =
        std::ranges::any_of(prepared, [](const Prepared& one) { return one.command->parsed(); });
    streams.talk << unexpected(app, has_verb) << "Run with --help for more information.\n";
    return exit_codes::usage;
  } catch (const CLI::Success& asked_for_text) {
    return app.exit(asked_for_text, streams.out, streams.talk);
  } catch (const CLI::ParseError& error) {
    streams.talk << text::printable(error.what()) << "\nRun with --help for more information.\n";
    return exit_codes::usage;
  }
  for (const auto& one : prepared)
    if (one.command->parsed()) {
      asked.settings.kind = one.kind;
      return run_handler(asked, one.handler, streams);
    }
  // A noun without a verb, or nothing at all.
  const auto named = app.get_subcommands();
  streams.talk << (named.empty() ? app.help() : named.front()->help("postern"));
  return exit_codes::usage;
}

// ---- completions

/// Settings as the words and the environment give them; nothing where they make no sense.
std::optional<Settings> settings_in(const Cursor& cursor) {
  CLI::App app;
  Settings settings;
  Options options;
  add_global_options(options, settings);
  arguments::declare(app, options);
  std::vector<std::string> words;
  for (const arguments::Option& option : options.all())
    if (const auto given = cursor.given.find(option.names); given != cursor.given.end())
      words.insert(words.end(), {option.names, given->second.back()});
  try {
    arguments::parse(app, words);
  } catch (const CLI::ParseError&) {
    return std::nullopt;
  }
  // Nothing is remembered of a word that is being typed.
  settings.access.checkpoint.reset();
  settings.access.without_checkpoint = true;
  settings.access.timeout = completion_deadline();
  return settings;
}

/// What cannot be asked is not offered, and nothing is said of it.
int complete(const std::vector<std::string>& words, Streams streams) {
  Arguments asked;
  Options common;
  OptionsOfKinds of_kinds;
  add_global_options(common, asked.settings);
  add_change_options(of_kinds[Kind::changes], asked.change);
  add_columns_option(of_kinds[Kind::lists], asked.settings.columns);
  const Cursor cursor = cursor_of(words, common, of_kinds);
  if (!is_completed(cursor)) return exit_codes::no;
  try {
    if (auto settings = settings_in(cursor)) {
      Session session(std::move(*settings), {}, streams);
      std::string lines;
      for (const std::string& word : completions(session, cursor)) lines += word + '\n';
      streams.out << lines << std::flush;
    }
  } catch (const Stop&) {
    return exit_codes::yes;
  }
  return exit_codes::yes;
}

}  // namespace

std::span<const Noun> nouns() {
  static const Noun all[] = {tenant_noun,  user_noun,     password_noun, key_noun,
                             session_noun, grant_noun,    role_noun,     catalogue_noun,
                             network_noun, operator_noun, events_noun,   calls_noun,
                             backup_noun,  import_noun,   export_verbs,  question_verbs,
                             report_verbs, undo_verbs,    other_verbs};
  return all;
}

int run(const std::vector<std::string>& arguments, Streams streams) {
  try {
    if (!arguments.empty() && arguments[0] == completion_word)
      return complete({arguments.begin() + 1, arguments.end()}, streams);
    return run_parsed(arguments, streams);
  } catch (const std::exception& bug) {
    streams.talk << "postern: bug: " << text::printable(bug.what()) << '\n';
    return exit_codes::bug;
  }
}

}  // namespace postern::cli
