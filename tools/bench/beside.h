// Checks at a steady pace, and what they feel of something else that goes on beside them.
// Thread: main's; the load runs on one of its own and is joined.
#pragma once

#include <atomic>
#include <chrono>
#include <future>

#include "tools/bench/figures.h"
#include "tools/bench/trouble.h"

namespace postern::bench {

inline constexpr double checks_per_second = 4'000;

/// Checks at a steady pace of users whom nobody changes meanwhile, and the p99 of their latencies.
class Checks {
 public:
  /// Of users from 0 to `users` - 1.
  Checks(Bench& bench, const DaemonProcess& daemon, std::size_t users)
      : bench_(bench),
        dealer_(daemon.door("queries", DoorKind::ipc)),
        questions_(make_questions(bench.sizes.questions, 1, 0, users, 2)) {}

  double p99() {
    const Run run = ask_paced(dealer_, questions_.reel, checks_per_second,
                              {.seconds = bench_.sizes.contention_seconds});
    check_decisions(questions_, run);
    return percentile(run.microseconds, 0.99);
  }

 private:
  Bench& bench_;
  Dealer dealer_;
  QuestionSet questions_;
};

/// What a load looks at and counts, so that the measurement begins when it is under way and the
/// load ends when the measurement does.
struct Beat {
  std::atomic<std::size_t> answered = 0;
  std::atomic<bool> over = false;
};

/// The p99 of checks while `load` runs on a thread of its own.
template <class Load>
double p99_beside(Checks& checks, Load load) {
  Beat beat;
  std::future<void> running = std::async(std::launch::async, [&] { load(beat); });
  const struct Ender {
    Beat& beat;
    ~Ender() { beat.over = true; }
  } ender{beat};
  const auto has_ended = [&](int ms) {
    return running.wait_for(std::chrono::milliseconds(ms)) == std::future_status::ready;
  };
  while (beat.answered == 0 && !has_ended(1)) continue;
  const double p99 = checks.p99();
  const bool too_early = has_ended(0);
  beat.over = true;
  running.get();
  if (too_early) fail(exit_codes::unreachable, "a load ended before what was measured beside it");
  return p99;
}

}  // namespace postern::bench
