#include "replay/replay.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "replay/verbs.h"
#include "tools/arguments/arguments.h"
#include "tools/text/output.h"

namespace postern::replay {

namespace {

constexpr const char* about =
    "Postern's audit tool: what happened, and the proof that it is all there.\n"
    "Works offline on a stopped daemon's data folder, a copy of it, or a bundle, and changes\n"
    "nothing in it.\n"
    "Data goes to standard output, talk to standard error; times are RFC 3339 in UTC.";

constexpr const char* exit_code_help =
    "Exit codes: 0 whole, done; 1 damage found by verify; 64 usage, 65 damaged data, 66 missing,\n"
    "70 bug, 74 input/output, 75 in use, 77 not permitted, 78 data of a newer version.";

/// All that the arguments set.
struct Arguments {
  std::string data;
  std::string bundle;
  text::Format format = text::Format::table;
  ShowOptions show;
  VerifyOptions verify;
  std::uint64_t to_seq = 0;
};

using Verb = Expected<int> (*)(const Audit&, const Arguments&);

int say(const Streams& streams, const Failure& failure) {
  streams.out.flush();
  streams.talk << "postern-replay: " << failure.sentence << '\n';
  if (!failure.remedy.empty()) streams.talk << "                " << failure.remedy << '\n';
  return exit_code(failure);
}

int run_verb(Verb verb, const Arguments& asked, const Streams& streams) {
  if (asked.data.empty() && asked.bundle.empty())
    return say(streams, {FailureKind::usage, "what to read is not named",
                         "Name it with --data DIR, or --bundle FILE."});
  const auto folder =
      asked.bundle.empty() ? DataFolder::open(asked.data) : DataFolder::open_bundle(asked.bundle);
  if (!folder) return say(streams, folder.error());
  const auto ended = verb({*folder, asked.format, streams}, asked);
  if (!ended) return say(streams, ended.error());
  streams.out.flush();
  if (!streams.out)
    return say(streams, {FailureKind::input_output, "cannot write to standard output",
                         "Make room where it goes, and ask again."});
  return *ended;
}

CLI::App* add_verb(CLI::App& app, const char* name, const char* summary, const char* example) {
  auto* command = app.add_subcommand(name, summary);
  command->fallthrough();
  command->footer(std::string("Example:\n  postern-replay ") + example);
  return command;
}

void add_global_options(arguments::Options& options, Arguments& asked) {
  options.add("--data", &asked.data, "The data folder, or a copy of it")
      .environment("POSTERN_DATA")
      .type_name("DIR");
  options
      .add("--bundle", &asked.bundle,
           "Instead of a folder: a bundle, as 'postern backup create' writes it")
      .type_name("FILE");
  arguments::add_output(options, asked.format);
}

void add_show_options(arguments::Options& options, ShowOptions& show) {
  options.add_number("--from-seq", show.from_seq, "The first record");
  options.add_number("--count", show.count_max, "End after so many records, and read no further",
                     {1});
  options.add("--tenant", &show.tenant, "Only of this tenant");
  options.add("--user", &show.user,
              "Only about this user: its name then, with --tenant, or its id");
  options.add("--operator", &show.operator_name, "Only by the operator of this name");
  options.add("--kind", &show.kind, "Only with this kind of event, as UserCreated");
}

void add_verify_options(arguments::Options& options, VerifyOptions& verify) {
  options.add("--checkpoint", &verify.checkpoint,
              "A file with a checkpoint that the journal must extend");
  options.add("--public-key", &verify.public_key,
              "The verifier key that posternd prints, or a file with it");
}

int run_parsed(const std::vector<std::string>& given, const Streams& streams) {
  CLI::App app(about, "postern-replay");
  app.set_version_flag("--version", "postern-replay " POSTERN_VERSION);
  app.footer(exit_code_help);
  app.require_subcommand(1);
  Arguments asked;
  arguments::Options globals, verifying, showing, folding;
  add_global_options(globals, asked);
  add_verify_options(verifying, asked.verify);
  add_show_options(showing, asked.show);
  folding.add_number("--to-seq", asked.to_seq, "As of this record; the newest if left out", {1});
  arguments::declare(app, globals);
  const auto add = [&app](const char* name, const char* summary, const char* example,
                          const arguments::Options& options) {
    CLI::App* command = add_verb(app, name, summary, example);
    arguments::declare(*command, options);
    return command;
  };
  const std::pair<CLI::App*, Verb> verbs[] = {
      {add("verify", "Proves that the journal is whole, or names what is damaged.",
           "--data /mnt/copy verify --checkpoint kept.txt --public-key verifier.txt", verifying),
       [](const Audit& audit, const Arguments& asked) { return verify(audit, asked.verify); }},
      {add("show", "Shows records and their events, by the names they had then.",
           "--data /mnt/copy show --tenant acme --user api.bob", showing),
       [](const Audit& audit, const Arguments& asked) { return show(audit, asked.show); }},
      {add("fold", "Prints the digest of all state, as 'postern status --digest' does.",
           "--data /mnt/copy fold --to-seq 1000", folding),
       [](const Audit& audit, const Arguments& asked) { return fold(audit, asked.to_seq); }},
  };
  try {
    arguments::parse(app, given);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, streams.out, streams.talk) == 0 ? 0
                                                           : static_cast<int>(FailureKind::usage);
  }
  for (const auto& [command, verb] : verbs)
    if (command->parsed()) return run_verb(verb, asked, streams);
  return static_cast<int>(FailureKind::usage);
}

}  // namespace

int run(const std::vector<std::string>& arguments, const Streams& streams) {
  try {
    return run_parsed(arguments, streams);
  } catch (const std::exception& bug) {
    return say(streams, {FailureKind::bug, "bug: " + printable(bug.what()), "Report this."});
  }
}

}  // namespace postern::replay
