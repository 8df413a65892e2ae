#include "tools/cli/cli.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/arguments/arguments.h"
#include "tools/cli/text.h"
#include "tools/cli/time_zone.h"

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

struct Prepared {
  CLI::App* command;
  Handler handler;
};

/// All that the arguments set.
struct Asked {
  Settings settings;
  ChangeSettings change;
};

void add_global_options(CLI::App& app, Settings& settings) {
  auto& access = settings.access;
  app.add_option("--data", access.data,
                 "The daemon's data folder: addresses and the owner's key come from it")
      ->envname("POSTERN_DATA")
      ->type_name("DIR");
  arguments::add_number(app, "--port-base", access.port_base,
                        "Ports are N+1 commands, N+2 queries, N+3 history; 7600 if left out",
                        {1, 65'530})
      ->envname("POSTERN_PORT_BASE");
  app.add_option("--endpoint", access.endpoint, "Host of the daemon, if not this one")
      ->envname("POSTERN_ENDPOINT")
      ->type_name("ADDR");
  app.add_option("--key", access.key,
                 "Your key pair, as 'operator add --key-out' writes it; mode 0600")
      ->envname("POSTERN_KEY")
      ->type_name("FILE");
  app.add_option("--signing-key", access.signing_key,
                 "Sign every command with this key, as 'operator add --signing-key-out' writes it")
      ->envname("POSTERN_SIGNING_KEY")
      ->type_name("FILE");
  app.add_option("--server-key", access.server_key,
                 "The server's public key in Z85, or a file with it")
      ->envname("POSTERN_SERVER_KEY")
      ->type_name("KEY|FILE");
  auto* checkpoint =
      app.add_option("--checkpoint-file", access.checkpoint,
                     "Where the newest checkpoint is remembered, which the history must extend; if "
                     "left out KEY.checkpoint, or seen-checkpoint in the data folder")
          ->envname("POSTERN_CHECKPOINT_FILE")
          ->type_name("FILE");
  app.add_flag("--no-checkpoint", access.without_checkpoint,
               "Remember no checkpoint, and do not check the history against one")
      ->excludes(checkpoint);
  app.add_option("--tenant", settings.tenant, "Alias of the tenant it is about")
      ->envname("POSTERN_TENANT")
      ->type_name("ALIAS");
  const auto read_timeout = [&access](const std::string& text) {
    constexpr std::uint64_t most = 3'600'000;
    const auto read = arguments::read_milliseconds(text);
    if (read && *read > 0 && *read <= most) access.timeout = std::chrono::milliseconds(*read);
    return read && *read > 0 && *read <= most;
  };
  constexpr const char* timeouts = "seconds: 0.001 to 3600";
  arguments::add_read(app, "--answer-timeout", read_timeout, timeouts,
                      "Seconds to wait for the daemon's answer; 10 if left out")
      ->envname("POSTERN_ANSWER_TIMEOUT")
      ->type_name("SECONDS");
  arguments::add_read(app, "--timeout", read_timeout, timeouts,
                      "The same; not behind a verb that takes --session-timeout")
      ->envname("POSTERN_TIMEOUT")
      ->type_name("SECONDS");
  app.add_option("--time-zone", settings.time_zone,
                 "Show times in this zone, as Europe/Zurich; UTC if left out")
      ->envname("POSTERN_TIME_ZONE")
      ->type_name("ZONE");
  const std::map<std::string, Format> formats{
      {"table", Format::table}, {"json", Format::json}, {"jsonl", Format::jsonl}};
  app.add_option("--output", settings.format, "table, json or jsonl (one object a line)")
      ->envname("POSTERN_OUTPUT")
      ->type_name("FORM")
      ->transform(CLI::CheckedTransformer(formats).description(""));
}

void add_change_options(CLI::App& command, ChangeSettings& change) {
  const auto group = "Options of every change";
  command.add_flag("--dry-run", change.dry_run, "Show what would happen, change nothing")
      ->group(group);
  command.add_flag("--yes", change.yes, "Do not ask, at a terminal, before what reaches far")
      ->group(group);
  command.add_option("--reason", change.reason, "Why, kept with the record; 1 KiB")->group(group);
  arguments::add_number(command, "--expect-version", change.expected_version,
                        "Refuse if the user has another version", {1})
      ->group(group);
  command.add_option("--id", change.id, "Id of the command, a UUIDv7; the same again acts once")
      ->group(group);
}

void add_verb(CLI::App& parent, const Verb& verb, Asked& asked, std::vector<Prepared>& prepared) {
  auto* command = parent.add_subcommand(std::string(verb.name), std::string(verb.summary));
  command->fallthrough();
  auto handler = verb.prepare(*command);
  if (verb.kind == Kind::changes) add_change_options(*command, asked.change);
  command->footer(fmt::format("Example:\n  postern {}", verb.example));
  prepared.push_back({command, std::move(handler)});
}

void add_nouns(CLI::App& app, Asked& asked, std::vector<Prepared>& prepared) {
  for (const auto& noun : nouns()) {
    CLI::App* parent = &app;
    if (!noun.name.empty()) {
      parent = app.add_subcommand(std::string(noun.name), std::string(noun.summary));
      parent->fallthrough();
    }
    for (const auto& verb : noun.verbs) add_verb(*parent, verb, asked, prepared);
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
  talk << "postern: " << printable(stop.sentence) << '\n';
  if (!stop.remedy.empty()) talk << "         " << printable(stop.remedy) << '\n';
}

int run_handler(const Asked& asked, const Handler& handler, Streams streams) {
  try {
    set_time_zone(asked.settings.time_zone);
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
      options += " " + printable(word.substr(0, word.find('=')));
    else
      words.push_back(word);
  }
  if (!has_verb && !words.empty()) return fmt::format("There is no '{}'.\n", printable(words[0]));
  std::string text = "It does not take" + options;
  if (!words.empty())
    text += fmt::format("{} {} more argument{}", options.empty() ? "" : ", nor", words.size(),
                        words.size() == 1 ? "" : "s");
  return text + ".\n";
}

int run_parsed(const std::vector<std::string>& given, Streams streams) {
  CLI::App app(about, "postern");
  Asked asked;
  std::vector<Prepared> prepared;
  app.set_version_flag("--version", "postern " POSTERN_VERSION);
  app.footer(exit_code_help);
  add_global_options(app, asked.settings);
  add_nouns(app, asked, prepared);
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
    streams.talk << printable(error.what()) << "\nRun with --help for more information.\n";
    return exit_codes::usage;
  }
  for (const auto& one : prepared)
    if (one.command->parsed()) return run_handler(asked, one.handler, streams);
  // A noun without a verb, or nothing at all.
  const auto named = app.get_subcommands();
  streams.talk << (named.empty() ? app.help() : named.front()->help("postern"));
  return exit_codes::usage;
}

}  // namespace

std::span<const Noun> nouns() {
  static const Noun all[] = {tenant_noun, user_noun,  password_noun,  key_noun,       session_noun,
                             grant_noun,  role_noun,  catalogue_noun, network_noun,   operator_noun,
                             events_noun, calls_noun, backup_noun,    question_verbs, other_verbs};
  return all;
}

int run(const std::vector<std::string>& arguments, Streams streams) {
  try {
    return run_parsed(arguments, streams);
  } catch (const std::exception& bug) {
    streams.talk << "postern: bug: " << printable(bug.what()) << '\n';
    return exit_codes::bug;
  }
}

}  // namespace postern::cli
