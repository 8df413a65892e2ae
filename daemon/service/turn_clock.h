// The time of one turn: read when it begins, and the same for all that is done in it.
#pragma once

#include <algorithm>

#include "daemon/platform/clock.h"

namespace postern::service {

/// Owned by the thread whose turns it tells of.
class TurnClock final : public platform::Clock {
 public:
  /// `clock` outlives it.
  explicit TurnClock(const platform::Clock& clock) : clock_(clock) { begin_turn(); }

  void begin_turn() {
    now_ns_ = clock_.now_ns();
    monotonic_ns_ = clock_.monotonic_ns();
  }
  /// A record of this time is shown: nothing is judged by a time before it.
  void pass(std::int64_t record_ns) { now_ns_ = std::max(now_ns_, record_ns); }

  std::int64_t now_ns() const override { return now_ns_; }
  std::int64_t monotonic_ns() const override { return monotonic_ns_; }
  /// Since the turn began; reads the clock.
  std::int64_t turn_ns() const { return clock_.monotonic_ns() - monotonic_ns_; }

 private:
  const platform::Clock& clock_;
  std::int64_t now_ns_ = 0;
  std::int64_t monotonic_ns_ = 0;
};

}  // namespace postern::service
