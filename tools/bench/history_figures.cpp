// Questions to the past (H1 to H8): of a long journal, from the running daemon and offline.
#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>

#include "tools/bench/beside.h"
#include "tools/bench/floors.h"
#include "tools/bench/history_messages.h"

namespace postern::bench {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

using Clock = std::chrono::steady_clock;
using Switches = std::vector<std::vector<LongHistory::Seq>>;

/// What takes seconds is not repeated as often as what takes microseconds.
constexpr std::size_t long_rounds_max = 3;

/// One run of another program.
struct ToolRun {
  int code = 0;
  double seconds = 0;
  std::uint64_t peak_bytes = 0;
  std::string said;
};

ToolRun run_tool(Bench& bench, const std::vector<std::string>& arguments) {
  const fs::path output = bench.scratch / "tool-output";
  fs::remove(output);
  ToolRun run;
  const auto started = Clock::now();
  Child child(arguments, {}, output);
  run.code = child.wait(run.peak_bytes);
  run.seconds = std::chrono::duration<double>(Clock::now() - started).count();
  run.said = read_text(output);
  return run;
}

/// The audit tool on a folder, ending as it should.
ToolRun replay(Bench& bench, const fs::path& data, int code, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(),
                   {bench.program.parent_path() / "postern-replay", "--data", data});
  ToolRun run = run_tool(bench, arguments);
  if (run.code != code)
    wrong_answer(fmt::format("postern-replay {} ended {} instead of {}: {}", arguments[3], run.code,
                             code, run.said.substr(0, 2'000)));
  return run;
}

void make(Bench& bench, const std::vector<std::string>& arguments) {
  const ToolRun run = run_tool(bench, arguments);
  if (run.code != 0) fail(exit_codes::input_output, arguments[0] + ": " + run.said);
}

/// A long journal and its folder. Whoever writes to the folder copies it first.
struct Long {
  explicit Long(Bench& bench)
      : history(bench.sizes.history_users, bench.sizes.history_records),
        folder(bench.scratch / "long"),
        switches(history.switches()) {
    fs::create_directories(folder);
    make(bench, {bench.makers / "make_long", data(), "--users", std::to_string(history.users()),
                 "--records", std::to_string(history.records())});
  }

  fs::path data() const { return folder / "d"; }

  const LongHistory history;
  const fs::path folder;
  const Switches switches;
};

/// Of the records of one user those that are read for every answer about it.
std::vector<LongHistory::Seq> records_of(const Long& made, std::size_t user) {
  std::vector<LongHistory::Seq> seqs{made.history.record_of_user(user)};
  seqs.insert(seqs.end(), made.switches[user].begin(), made.switches[user].end());
  return seqs;
}

void measure_as_of(Bench& bench, const Long& made, const DaemonProcess& daemon,
                   const WarmJournal& bare) {
  AsOfQuestions questions =
      make_as_of_questions(made.history, made.switches, bench.sizes.history_questions, 6);
  Dealer dealer(daemon.door("history", DoorKind::ipc));
  std::vector<double> all_ms;
  double records = 0;
  const auto figure = [&] {
    const Run run =
        ask_one_at_a_time(dealer, questions.reel, {.count = questions.reel.messages.size()});
    check_as_of(made.history, questions, run);
    for (const double us : run.microseconds) all_ms.push_back(us / 1'000);
    return median(run.microseconds) / 1'000;
  };
  const auto floor = [&] {
    std::vector<double> ms;
    records = 0;
    for (const AsOfQuestion& asked : questions.asked) {
      const auto own = records_of(made, asked.user);
      records += static_cast<double>(own.size());
      ms.push_back(bare.read(own) / 1'000);
    }
    return median(ms);
  };
  figure();
  floor();
  all_ms.clear();
  const Rounds rounds = alternate(bench.sizes.rounds, figure, floor);
  const auto users = static_cast<double>(made.history.users());
  const auto count = static_cast<double>(made.history.records());
  bench.report.add(
      "as_of_over_reading", rounds,
      {.name = "as_of_ms",
       .unit = "ms",
       .floor_name = "LevelDB, each record of that user once, warm",
       .details = {{"records", count},
                   {"users", users},
                   {"records_of_user", records / static_cast<double>(questions.asked.size())},
                   {"records_of_tenant", static_cast<double>(LongHistory::role_changes)}}});
  bench.report.add({.name = "as_of_p99_ms",
                    .unit = "ms",
                    .value = percentile(all_ms, 0.99),
                    .details = {{"records", count}, {"most", percentile(all_ms, 1)}}});
}

void measure_diffs_beside_checks(Bench& bench, const Long& made, const DaemonProcess& daemon) {
  Checks checks(bench, daemon, made.history.first_changed_user());
  Dealer dealer(daemon.door("history", DoorKind::ipc));
  Reel request = make_difference_request(made.history);
  const auto ask = [&] { return ask_one_at_a_time(dealer, request, {.count = 1}); };
  // What it is compared with is folded once and kept.
  const auto started = Clock::now();
  while (check_difference(made.history, ask()) == 0) continue;
  const std::chrono::duration<double> folding = Clock::now() - started;
  std::vector<double> seconds;
  std::size_t lines = 0;
  const auto figure = [&] {
    return p99_beside(checks, [&](Beat& beat) {
      for (; !beat.over; ++beat.answered) {
        const Run run = ask();
        lines = check_difference(made.history, run);
        seconds.push_back(run.seconds);
      }
    });
  };
  checks.p99();
  const Rounds rounds = alternate(bench.sizes.rounds, figure, [&] { return checks.p99(); });
  bench.report.add("check_p99_under_diffs_over_idle", rounds,
                   {.name = "check_p99_under_diffs",
                    .unit = "us",
                    .floor_name = "the same checks without diffs",
                    .details = {{"checks_per_second", checks_per_second},
                                {"diff_seconds", median(seconds)},
                                {"first_diff_seconds", folding.count()},
                                {"diff_lines", static_cast<double>(lines)},
                                {"users", static_cast<double>(made.history.users())}}});
}

void measure_verify(Bench& bench, const Long& made, const WarmJournal& bare) {
  const auto bytes = static_cast<double>(bare.bytes());
  std::vector<double> seconds;
  std::uint64_t peak = 0;
  const auto figure = [&] {
    const ToolRun run = replay(bench, made.data(), 0, {"verify"});
    seconds.push_back(run.seconds);
    peak = std::max(peak, run.peak_bytes);
    return bytes / run.seconds;
  };
  figure();
  seconds.clear();
  const Rounds rounds =
      alternate(std::min(bench.sizes.rounds, long_rounds_max), figure, [&] { return bare.hash(); });
  bench.report.add("verify_rate_over_sha256", rounds,
                   {.name = "verify_rate",
                    .unit = "B/s",
                    .floor_name = "SHA-256 of the same records and their tree, one thread",
                    .details = {{"records", static_cast<double>(bare.records())},
                                {"bytes", bytes},
                                {"seconds", median(seconds)},
                                {"memory_bytes", static_cast<double>(peak)}}});
}

void measure_offline(Bench& bench, const Long& made) {
  const auto count = static_cast<double>(made.history.records());
  const auto users = static_cast<double>(made.history.users());
  const std::string tenant = tenant_of(0);
  std::vector<double> seconds;
  ToolRun diff;
  for (std::size_t round = 0; round < std::min(bench.sizes.rounds, long_rounds_max); ++round) {
    diff = replay(bench, made.data(), 1,
                  {"diff", "--tenant", tenant, "--from",
                   std::to_string(made.history.snapshot_seq()), "--output", "json"});
    seconds.push_back(diff.seconds);
  }
  bench.report.add({.name = "diff_seconds",
                    .unit = "s",
                    .value = median(seconds),
                    .details = {{"records", count},
                                {"users", users},
                                {"memory_bytes", static_cast<double>(diff.peak_bytes)}}});
  // A moment before the snapshot, so that nothing is there to begin with.
  const std::size_t user = made.history.first_changed_user();
  const Right right = grants_of(user).front().right;
  const std::string half = std::to_string(
      made.history.first_change() + (made.history.records() - made.history.first_change()) / 2);
  const auto own = std::ranges::upper_bound(made.switches[user], std::stoull(half));
  const bool is_on = (own - made.switches[user].begin()) % 2 == 0;
  const ToolRun as_of = replay(bench, made.data(), is_on ? 0 : 1,
                               {"explain", username_of(user), action_text(right.action),
                                resource_text(right.resource), "--tenant", tenant, "--at", half});
  bench.report.add({.name = "as_of_offline_seconds",
                    .unit = "s",
                    .value = as_of.seconds,
                    .details = {{"records", count}, {"users", users}}});
  const ToolRun verify = replay(bench, made.data(), 0, {"fold"});
  const double more =
      static_cast<double>(as_of.peak_bytes) - static_cast<double>(verify.peak_bytes);
  bench.report.add({.name = "as_of_offline_more_bytes",
                    .unit = "B",
                    .value = std::max(more, 0.0),
                    .details = {{"memory_bytes", static_cast<double>(as_of.peak_bytes)},
                                {"fold_bytes", static_cast<double>(verify.peak_bytes)}}});
}

void measure_report(Bench& bench) {
  fs::path year = bench.year;
  if (year.empty()) {
    year = bench.scratch / "year";
    make(bench,
         {bench.makers / "make_year", year, "--users", std::to_string(bench.sizes.year_users),
          "--calls", std::to_string(bench.sizes.year_calls)});
  }
  const fs::path page = bench.scratch / "report.html";
  std::vector<double> seconds;
  ToolRun run;
  for (std::size_t round = 0; round < std::min(bench.sizes.rounds, long_rounds_max); ++round) {
    run = replay(bench, year, 0, {"report", "--html", page, "--output", "json"});
    seconds.push_back(run.seconds);
  }
  if (!read_text(page).ends_with("</html>\n")) wrong_answer("the report is no whole page");
  const json::object verified =
      json::parse(replay(bench, year, 0, {"verify", "--output", "json"}).said).as_object();
  bench.report.add({.name = "report_seconds",
                    .unit = "s",
                    .value = median(seconds),
                    .details = {{"records", verified.at("seq").to_number<double>()},
                                {"page_bytes", static_cast<double>(fs::file_size(page))},
                                {"memory_bytes", static_cast<double>(run.peak_bytes)}}});
}

}  // namespace

void measure_history(Bench& bench, const DaemonProcess&) {
  const Long made(bench);
  // Before the daemon: what it writes at its stop is a newer snapshot.
  const WarmJournal bare(made.data() / "journal" / "db", bench.scratch / "long-journal");
  measure_verify(bench, made, bare);
  measure_offline(bench, made);
  measure_report(bench);
  DaemonProcess daemon({.program = bench.program, .folder = made.folder, .is_made = true});
  daemon.start();
  measure_as_of(bench, made, daemon, bare);
  measure_diffs_beside_checks(bench, made, daemon);
  daemon.stop();
}

}  // namespace postern::bench
