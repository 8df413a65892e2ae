// What time it is, for all that depends on the present: expiry, timed locks, sessions, the
// conditions of grants. The clock, as far as it is believed, and never less than the newest
// record's time; so nothing that expired lives again where the clock is behind, and a clock that
// jumps ahead ends nothing.
#pragma once

#include <atomic>

#include "daemon/platform/clock.h"

namespace postern::service {

/// Given to whatever asks for the time, as its clock: for any thread. What changes it is called on
/// the thread that records. A clock may be set forward by `jump_max_ns` an hour beyond what the
/// steady clock says. If it jumps further, time goes on by the steady clock from where it was,
/// until the clock comes back; the next start begins with the clock as it is then.
class Present final : public platform::Clock {
 public:
  static constexpr std::int64_t behind_max_ns = 300'000'000'000;
  static constexpr std::int64_t jump_max_ns = 300'000'000'000;

  /// `clock` outlives it.
  explicit Present(const platform::Clock& clock);

  std::int64_t now_ns() const override;
  std::int64_t monotonic_ns() const override { return clock_.monotonic_ns(); }
  /// The clock, as far as it is believed, whatever time the journal has: for what others tell by
  /// their own clocks (K1).
  std::int64_t believed_ns() const;

  /// How the clock stands; at most one of the times is not 0.
  struct Standing {
    /// Behind the newest record.
    std::int64_t behind_ns = 0;
    /// Ahead of what is believed.
    std::int64_t ahead_ns = 0;
    /// An operator has said that the clock is right, and the journal ran ahead.
    bool confirmed = false;
    /// See `Present::believed_ns`.
    std::int64_t believed_ns = 0;

    /// Nothing may be recorded.
    bool is_suspect() const { return ahead_ns > 0 || (behind_ns > behind_max_ns && !confirmed); }
  };
  Standing standing() const { return judge(read()); }

  /// From here on it is judged; what the clock did before is as it is.
  void begin();
  /// The clock is looked at; to be done at least every few minutes.
  Standing look();
  /// A record of this time is there.
  void passed(std::int64_t record_ns) { record_ns_ = record_ns; }
  /// Records up to this time are known to be ahead of a clock that is right.
  void confirm_until(std::int64_t record_ns) { confirmed_until_ns_ = record_ns; }
  std::int64_t confirmed_until_ns() const { return confirmed_until_ns_; }

 private:
  struct Reading {
    std::int64_t clock_ns;
    /// How far the clock is ahead of the steady one.
    std::int64_t offset_ns;
    std::int64_t steady_ns;
  };
  Reading read() const;
  std::int64_t believed(const Reading& now) const {
    return now.offset_ns <= offset_max_ns_ ? now.clock_ns : now.steady_ns + offset_ns_;
  }
  Standing judge(const Reading& now) const;

  const platform::Clock& clock_;
  /// The newest that was believed.
  std::atomic<std::int64_t> offset_ns_;
  /// The greatest that is believed. It never falls, so that a clock that was set back may return.
  std::atomic<std::int64_t> offset_max_ns_;
  std::int64_t hour_began_ns_ = 0;
  std::atomic<std::int64_t> record_ns_{0};
  std::atomic<std::int64_t> confirmed_until_ns_{0};
};

}  // namespace postern::service
