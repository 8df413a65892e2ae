// What many users cost: memory, time to start from a snapshot and without, batches of checks,
// single checks.
#include "tools/bench/figures.h"
#include "tools/bench/floors.h"

namespace postern::bench {

namespace {

constexpr std::size_t questions_per_message = 100;
constexpr std::size_t batches_in_flight = 8;

void measure_batches(Bench& bench, const DaemonProcess& big) {
  const std::size_t users = bench.sizes.big_users;
  const LookupTable table(users);
  QuestionSet questions =
      make_questions(bench.sizes.batch_messages, questions_per_message, 0, users, 3);
  for (const DoorKind kind : {DoorKind::ipc, DoorKind::curve}) {
    Dealer dealer(big.door("queries", kind));
    const Limit once{.count = questions.reel.messages.size()};
    const auto figure = [&](std::string* decisions = nullptr) {
      const Run run = ask_pipelined({&dealer, 1}, questions.reel, batches_in_flight, once);
      check_decisions(questions, run, decisions);
      return run.per_second() * questions_per_message;
    };
    const auto floor = [&] { return table.look_up(questions); };
    figure(&bench.decisions);
    floor();
    bench.report.add(prefix_of(kind) + "batch_check_rate_over_lookup",
                     alternate(bench.sizes.rounds, figure, floor),
                     {.name = prefix_of(kind) + "batch_check_rate",
                      .unit = "1/s",
                      .floor_name = "bare lookups in one thread of the bench",
                      .details = {{"users", static_cast<double>(users)},
                                  {"questions_per_message", questions_per_message}}});
  }
}

void measure_many_over_few(Bench& bench, const DaemonProcess& big, const DaemonProcess& small) {
  struct Side {
    Dealer dealer;
    QuestionSet questions;
  };
  Side many{Dealer(big.door("queries", DoorKind::ipc)),
            make_questions(bench.sizes.questions, 1, 0, bench.sizes.big_users, 4)};
  Side few{Dealer(small.door("queries", DoorKind::ipc)),
           make_questions(bench.sizes.questions, 1, 0, bench.sizes.small_users, 5)};
  // The processor time of one check, in rounds of the same runs.
  Rounds cpu;
  const auto p50 = [&](Side& side, const DaemonProcess& daemon, std::vector<double>& used_us) {
    CpuMeter used(daemon.pid());
    used.begin();
    const Run run =
        ask_one_at_a_time(side.dealer, side.questions.reel, {.seconds = bench.sizes.seconds});
    used.end(run.answers.size());
    used_us.push_back(used.microseconds_per_answer());
    check_decisions(side.questions, run);
    return median(run.microseconds);
  };
  const auto of_many = [&] { return p50(many, big, cpu.figure); };
  const auto of_few = [&] { return p50(few, small, cpu.floor); };
  of_many();
  of_few();
  cpu = {};
  const Rounds rounds = alternate(bench.sizes.rounds, of_many, of_few);
  const std::vector<std::pair<std::string, double>> details = {
      {"users", static_cast<double>(bench.sizes.big_users)},
      {"floor_users", static_cast<double>(bench.sizes.small_users)}};
  bench.report.add("check_p50_1m_over_1k", rounds,
                   {.name = "check_p50_of_many_users",
                    .unit = "us",
                    .floor_name = "the same with few users",
                    .details = details});
  bench.report.add("check_cpu_1m_over_1k", cpu,
                   {.name = "check_cpu_of_many_users",
                    .unit = "us",
                    .floor_name = "the same with few users",
                    .details = details});
}

}  // namespace

void measure_scale(Bench& bench, const DaemonProcess& small) {
  const auto users = static_cast<double>(bench.sizes.big_users);
  DaemonProcess big(
      {.program = bench.program, .folder = bench.scratch / "big", .cheap_passwords = true});
  big.start();
  const auto empty_bytes = static_cast<double>(big.anonymous_bytes());
  const double loaded_per_second = load_users(bench, big, bench.sizes.big_users, true);
  const auto loaded_bytes = static_cast<double>(big.anonymous_bytes());
  std::vector<double> bare_starts;
  std::vector<double> starts;
  for (std::size_t i = 0; i < bench.sizes.starts; ++i) {
    big.stop();
    big.forget_snapshots();
    bare_starts.push_back(big.start());
    big.stop();
    starts.push_back(big.start());
  }
  const auto started_bytes = static_cast<double>(big.anonymous_bytes());
  bench.report.add({.name = "load_rate",
                    .unit = "1/s",
                    .value = loaded_per_second,
                    .details = {{"users", users}, {"commands_per_message", 987}}});
  bench.report.add({.name = "bytes_per_user",
                    .unit = "B",
                    .value = (started_bytes - empty_bytes) / users,
                    .details = {{"users", users},
                                {"without_users", empty_bytes},
                                {"after_loading", (loaded_bytes - empty_bytes) / users}}});
  bench.report.add({.name = "start_seconds_per_million_users",
                    .unit = "s",
                    .value = median(starts) * 1e6 / users,
                    .details = {{"users", users}, {"seconds", median(starts)}}});
  bench.report.add({.name = "start_seconds_per_million_users_from_journal",
                    .unit = "s",
                    .value = median(bare_starts) * 1e6 / users,
                    .details = {{"users", users}, {"seconds", median(bare_starts)}}});
  measure_batches(bench, big);
  measure_many_over_few(bench, big, small);
  big.stop();
}

}  // namespace postern::bench
