// Passwords as they are: what one costs that was verified before, and how long it takes until
// everybody is served whose verdicts a restart has forgotten.
#include "tools/bench/control.h"
#include "tools/bench/figures.h"

namespace postern::bench {

namespace {

constexpr std::size_t in_flight = 64;
constexpr std::size_t connections = 64;
constexpr std::size_t users_of_a_long_restart = 10'000;

void set_passwords(Bench& bench, const DaemonProcess& daemon, std::size_t users) {
  Dealer dealer(daemon.door("commands", DoorKind::ipc));
  CommandStream stream = make_password_resets(bench.next_stream(), users);
  const Run run = ask_pipelined({&dealer, 1}, stream.reel, in_flight, {.count = users});
  await_seq(daemon, check_receipts(stream, run));
}

/// The password is sent each time, a token is made each time; no hash is.
void measure_cached(Bench& bench, const DaemonProcess& small) {
  const std::size_t users = bench.sizes.verified_users;
  set_passwords(bench, small, users);
  Dealer dealer(small.door("queries", DoorKind::ipc));
  Reel passwords = make_authentications(users);
  QuestionSet questions = make_questions(bench.sizes.questions, 1, 0, users, 9);
  // Each is verified once.
  check_authenticated(ask_pipelined({&dealer, 1}, passwords, in_flight, {.count = users}));
  const Limit limit{.seconds = bench.sizes.seconds};
  const auto measure = [&](const char* name, const char* unit, auto ask) {
    const auto figure = [&] {
      const Run run = ask(passwords);
      check_authenticated(run);
      return run.microseconds.empty() ? run.per_second() : median(run.microseconds);
    };
    const auto floor = [&] {
      const Run run = ask(questions.reel);
      check_decisions(questions, run);
      return run.microseconds.empty() ? run.per_second() : median(run.microseconds);
    };
    figure();
    floor();
    bench.report.add(std::string(name) + "_over_check",
                     alternate(bench.sizes.rounds, figure, floor),
                     {.name = name,
                      .unit = unit,
                      .floor_name = "checks by name, the same way",
                      .details = {{"users", static_cast<double>(users)}}});
  };
  measure("cached_authentication", "us",
          [&](Reel& reel) { return ask_one_at_a_time(dealer, reel, limit); });
  measure("cached_authentication_rate", "1/s", [&](Reel& reel) {
    return ask_pipelined({&dealer, 1}, reel, in_flight, limit);
  });
}

/// Everybody at once, at the cost passwords really have.
void measure_restart(Bench& bench) {
  const std::size_t users = bench.sizes.restart_users;
  DaemonProcess daemon({.program = bench.program, .folder = bench.scratch / "passwords"});
  daemon.start();
  load_users(bench, daemon, users, true);
  daemon.stop();
  daemon.start();
  std::vector<Dealer> dealers;
  for (std::size_t i = 0; i < connections; ++i)
    dealers.emplace_back(daemon.door("queries", DoorKind::ipc));
  Reel passwords = make_authentications(users);
  const Run run =
      ask_pipelined(dealers, passwords, (users + connections - 1) / connections, {.count = users});
  check_authenticated(run);
  daemon.stop();
  // A smaller number of users has a name of its own: it is not what is asked for.
  const std::string name = users == users_of_a_long_restart
                               ? "password_restart_seconds"
                               : "password_restart_" + std::to_string(users) + "_users_seconds";
  bench.report.add({.name = name,
                    .unit = "s",
                    .value = run.seconds,
                    .details = {{"users", static_cast<double>(users)},
                                {"passwords_per_second", run.per_second()}}});
}

}  // namespace

void measure_password_use(Bench& bench, const DaemonProcess& small) {
  measure_cached(bench, small);
  measure_restart(bench);
}

}  // namespace postern::bench
