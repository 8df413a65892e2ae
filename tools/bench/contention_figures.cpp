// What checks feel of the daemon's other work: latencies at a steady pace, with it and without.
#include "tools/bench/beside.h"

namespace postern::bench {

namespace {

constexpr double writes_per_second = 20'000;
/// Enough that no thread which hashes ever waits for one.
constexpr std::size_t guesses_in_flight = 16;
constexpr std::size_t guess_count = 4'096;

void measure_writes(Bench& bench, const DaemonProcess& daemon, Checks& checks) {
  const std::size_t first = first_written_user(bench.sizes);
  // Whoever is switched off is switched on again in the other half of a cycle.
  const std::size_t cycle = 2 * (bench.sizes.small_users - first);
  const double ample = 4 * writes_per_second * bench.sizes.contention_seconds + writes_per_second;
  const std::size_t count = static_cast<std::size_t>(ample / static_cast<double>(cycle)) * cycle;
  Dealer dealer(daemon.door("commands", DoorKind::ipc));
  std::vector<double> rates;
  const auto figure = [&] {
    CommandStream stream =
        make_access_switches(bench.next_stream(), count, first, bench.sizes.small_users);
    const double p99 = p99_beside(checks, [&](Beat& beat) {
      const Run run = ask_paced(dealer, stream.reel, writes_per_second,
                                {.count = count, .stop = &beat.over}, &beat.answered);
      check_receipts(stream, run);
      rates.push_back(run.per_second());
      const std::size_t rest = (cycle - run.asked.size() % cycle) % cycle;
      check_receipts(stream, ask_pipelined({&dealer, 1}, stream.reel, rest, {.count = rest}));
    });
    return p99;
  };
  const Rounds rounds = alternate(bench.sizes.rounds, figure, [&] { return checks.p99(); });
  bench.report.add("check_p99_under_writes_over_idle", rounds,
                   {.name = "check_p99_under_writes",
                    .unit = "us",
                    .floor_name = "the same checks without writes",
                    .details = {{"checks_per_second", checks_per_second},
                                {"writes_per_second", median(rates)}}});
}

void measure_passwords(Bench& bench, const DaemonProcess& daemon, Checks& checks) {
  Dealer dealer(daemon.door("queries", DoorKind::ipc));
  Reel guesses = make_password_guesses(guess_count);
  std::vector<double> rates;
  const auto figure = [&] {
    return p99_beside(checks, [&](Beat& beat) {
      const Run run = ask_pipelined({&dealer, 1}, guesses, guesses_in_flight, {.stop = &beat.over},
                                    &beat.answered);
      check_guesses_refused(run);
      rates.push_back(run.per_second());
    });
  };
  const Rounds rounds = alternate(bench.sizes.rounds, figure, [&] { return checks.p99(); });
  bench.report.add("check_p99_under_passwords_over_idle", rounds,
                   {.name = "check_p99_under_passwords",
                    .unit = "us",
                    .floor_name = "the same checks without passwords",
                    .details = {{"checks_per_second", checks_per_second},
                                {"passwords_per_second", median(rates)}}});
}

}  // namespace

void measure_contention(Bench& bench, const DaemonProcess& small) {
  Checks checks(bench, small, first_written_user(bench.sizes));
  checks.p99();
  measure_writes(bench, small, checks);
  measure_passwords(bench, small, checks);
}

}  // namespace postern::bench
