#include "replay/replay.h"

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "replay/report.h"
#include "replay/talk.h"
#include "replay/verb.h"
#include "tools/arguments/arguments.h"
#include "tools/arguments/manual.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"

namespace postern::replay {

namespace {

constexpr const char* about =
    "Postern's audit tool: what happened, and the proof that it is all there.\n"
    "Works offline on a stopped daemon's data folder, a copy of it, or a bundle, and changes\n"
    "nothing in it.\n"
    "Data goes to standard output, talk to standard error; times are RFC 3339 in UTC.";

constexpr const char* exit_code_help =
    "Exit codes: 0 whole, allowed, borne out, done; 1 damage found, denied, contradicted; 64 "
    "usage,\n"
    "65 damaged data, 66 missing, 70 bug, 74 input/output, 75 in use, 77 not permitted,\n"
    "78 data of a newer version.";

/// What its man page says beside its help.
arguments::Manual manual() {
  return {1,
          "Postern's audit tool: what happened, and the proof that it is all there",
          {{"/var/lib/postern", "The data folder of the packaged daemon"}},
          {"postern(1)", "posternd(8)"},
          POSTERN_VERSION};
}

/// What every verb takes.
struct Globals {
  std::string data;
  std::string bundle;
  text::Format format = text::Format::table;
};

int tell(const Streams& streams, const Failure& failure) {
  streams.out.flush();
  say(streams.talk, failure.sentence);
  if (!failure.remedy.empty()) {
    streams.talk << std::string(talk_begin.size(), ' ');
    text::write_behind(streams.talk, text::sentence_of(failure.remedy), talk_begin.size());
  }
  return exit_code(failure);
}

int run_verb(const Run& run, const Globals& asked, const Streams& streams) {
  if (asked.data.empty() && asked.bundle.empty())
    return tell(streams, {FailureKind::usage, "what to read is not named",
                          "Name it with --data DIR, or --bundle FILE."});
  const auto folder =
      asked.bundle.empty() ? DataFolder::open(asked.data) : DataFolder::open_bundle(asked.bundle);
  if (!folder) return tell(streams, folder.error());
  const auto ended = run({*folder, asked.format, streams});
  if (!ended) return tell(streams, ended.error());
  streams.out.flush();
  if (!streams.out)
    return tell(streams, {FailureKind::input_output, "cannot write to standard output",
                          "Make room where it goes, and ask again."});
  return *ended;
}

using Nouns = std::map<std::string, CLI::App*>;

/// A verb that stands by itself, or one of its noun.
CLI::App* add_verb(CLI::App& app, Nouns& nouns, const Verb& verb) {
  CLI::App* parent = &app;
  if (const std::string name = verb.noun; !name.empty()) {
    CLI::App*& noun = nouns[name];
    if (noun == nullptr) {
      noun = app.add_subcommand(name, "As it was at a moment.");
      noun->require_subcommand(1);
      noun->fallthrough();
    }
    parent = noun;
  }
  CLI::App* command = parent->add_subcommand(verb.name, verb.summary);
  command->fallthrough();
  command->footer(std::string("Example:\n  postern-replay ") + verb.example);
  return command;
}

void add_global_options(arguments::Options& options, Globals& asked) {
  options.add("--data", &asked.data, "The data folder, or a copy of it")
      .environment("POSTERN_DATA")
      .type_name("DIR");
  options
      .add("--bundle", &asked.bundle,
           "Instead of a folder: a bundle, as 'export' or 'postern backup create' writes it")
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

void add_diff_options(arguments::Options& options, DiffOptions& diff) {
  options.add("--from", &diff.from, "The earlier moment: a time, or a record's seq")
      .type_name("TIME|SEQ")
      .required();
  options.add("--to", &diff.to, "The later one; the newest record if left out")
      .type_name("TIME|SEQ");
  options.add("--tenant", &diff.tenant, "Of this tenant").required();
  options.add("--user", &diff.user, "Of this user alone: its name at either moment");
  options.add("--unfold", &diff.unfold, "A line for each user, where one record did it to many");
}

void add_what_if_options(arguments::Options& options, WhatIfOptions& what_if) {
  options.add("FILE", &what_if.commands, "Commands as 'postern send' takes them; none if left out");
  options.add("--at", &what_if.at, "When they would have been sent; the newest record if left out")
      .type_name("TIME|SEQ");
  options.add("--without", arguments::List{&what_if.without}, "Leave out these records")
      .type_name("SEQ,…");
  options.add("--tenant", &what_if.tenant, "Only calls of this tenant");
  options.add("--calls", &what_if.calls, "The folder of recorded calls, if not the data folder's")
      .type_name("DIR");
  options.add_number("--min-coverage,--coverage", what_if.coverage_percent_min,
                     "End with 66 instead of saying that nothing would change, where less of all "
                     "calls, in percent, is recorded",
                     {0, 100});
}

void add_report_options(arguments::Options& options, ReportOptions& report) {
  options.add("--at", &report.at, "As of this time or record; the newest record if left out")
      .type_name("TIME|SEQ");
  options.add("--tenant", &report.tenant, "Of this tenant; of all of them if left out");
  options.add_number("--from,--from-seq", report.from_seq,
                     "The first record of what changed; the one after the last reviewed report "
                     "if left out");
  options.add_number("--unused-days", report.unused_days,
                     "Without use for more days is long unused; 90 if left out", {1, 3'650});
  options.add_number("--soon-days", report.soon_days,
                     "Expires soon: within so many days; 30 if left out", {1, 3'650});
  options.add_number("--rows", report.rows, "Rows of each finding, at most; 100 if left out",
                     {1, 100'000});
  options.add("--html", &report.html, "Where the page goes; - is standard output")
      .type_name("FILE");
}

Run prepare_verify(arguments::Options& options) {
  auto asked = std::make_shared<VerifyOptions>();
  add_verify_options(options, *asked);
  return [asked](const Audit& audit) { return verify(audit, *asked); };
}

Run prepare_show(arguments::Options& options) {
  auto asked = std::make_shared<ShowOptions>();
  add_show_options(options, *asked);
  return [asked](const Audit& audit) { return show(audit, *asked); };
}

Run prepare_fold(arguments::Options& options) {
  auto to_seq = std::make_shared<std::uint64_t>(0);
  options.add_number("--to-seq", *to_seq, "As of this record; the newest if left out", {1});
  return [to_seq](const Audit& audit) { return fold(audit, *to_seq); };
}

Run prepare_diff(arguments::Options& options) {
  auto asked = std::make_shared<DiffOptions>();
  add_diff_options(options, *asked);
  return [asked](const Audit& audit) { return diff(audit, *asked); };
}

Run prepare_what_if(arguments::Options& options) {
  auto asked = std::make_shared<WhatIfOptions>();
  add_what_if_options(options, *asked);
  return [asked](const Audit& audit) { return what_if(audit, *asked); };
}

Run prepare_report(arguments::Options& options) {
  auto asked = std::make_shared<ReportOptions>();
  add_report_options(options, *asked);
  return [asked](const Audit& audit) { return report(audit, *asked); };
}

constexpr Verb journal_verbs[] = {
    {"", "verify", "Proves that the journal is whole, or names what is damaged.",
     "--data /mnt/copy verify --checkpoint kept.txt --public-key verifier.txt", prepare_verify},
    {"", "show", "Shows records and their events, by the names they had then.",
     "--data /mnt/copy show --tenant acme --user api.bob", prepare_show},
    {"", "fold", "Prints the digest of all state, as 'postern status --digest' does.",
     "--data /mnt/copy fold --to-seq 1000", prepare_fold},
    {"", "diff", "Shows what could be done after that could not before, or no more, and by whom.",
     "--data /mnt/copy diff --tenant acme --from 2026-10-01T00:00:00Z --to 1200", prepare_diff},
    {"", "what-if", "Asks every recorded call again, with commands added or records left out.",
     "--data /mnt/copy what-if batch.json --at 2026-10-01T00:00:00Z", prepare_what_if},
    {"", "report", "Reviews access: what is unused, shared, wide, about to expire, and changed.",
     "--data /mnt/copy report --tenant acme --html review.html", prepare_report},
};

/// All of them, in the order of the help.
std::vector<Verb> all_verbs() {
  std::vector<Verb> all;
  for (const auto& verbs : {std::span<const Verb>(journal_verbs), question_verbs(), entry_verbs(),
                            export_verbs(), receipt_verbs(), rehearsal_verbs()})
    all.insert(all.end(), verbs.begin(), verbs.end());
  return all;
}

int run_parsed(const std::vector<std::string>& given, const Streams& streams) {
  CLI::App app(about, "postern-replay");
  app.set_version_flag("--version", "postern-replay " POSTERN_VERSION);
  app.footer(exit_code_help);
  app.require_subcommand(1);
  Globals asked;
  arguments::Options globals;
  add_global_options(globals, asked);
  arguments::declare(app, globals);
  Nouns nouns;
  std::vector<std::pair<CLI::App*, Run>> verbs;
  // What an option sets outlives the parsing.
  std::vector<std::unique_ptr<arguments::Options>> options;
  for (const Verb& verb : all_verbs()) {
    CLI::App* command = add_verb(app, nouns, verb);
    options.push_back(std::make_unique<arguments::Options>());
    verbs.emplace_back(command, verb.prepare(*options.back()));
    arguments::declare(*command, *options.back());
  }
  if (const auto text = arguments::text_asked_for(given, app, manual())) {
    streams.out << *text;
    return 0;
  }
  try {
    arguments::parse(app, given);
  } catch (const CLI::ParseError& error) {
    if (app.exit(error, streams.out, streams.talk) == 0) return 0;
    streams.talk << arguments::nearest_known(app);
    return static_cast<int>(FailureKind::usage);
  }
  for (const auto& [command, run] : verbs)
    if (command->parsed()) return run_verb(run, asked, streams);
  return static_cast<int>(FailureKind::usage);
}

}  // namespace

int run(const std::vector<std::string>& arguments, const Streams& streams) {
  try {
    return run_parsed(arguments, streams);
  } catch (const std::exception& bug) {
    return tell(streams, {FailureKind::bug, "bug: " + printable(bug.what()), "Report this."});
  }
}

}  // namespace postern::replay
