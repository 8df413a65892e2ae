// Time as data: everything that needs it takes a Clock, so that tests and simulation can say what
// time it is.
#pragma once

#include <cstdint>

namespace postern::platform {

inline constexpr std::int64_t millisecond_ns = 1'000'000;

/// Thread-safe; outlives whoever holds a reference.
class Clock {
 public:
  virtual ~Clock() = default;
  /// UTC nanoseconds since 1970; may jump.
  virtual std::int64_t now_ns() const = 0;
  /// Nanoseconds since some moment; never goes back, nobody sets it, and it counts while the
  /// machine sleeps. For timeouts, and to see that somebody set the other.
  virtual std::int64_t monotonic_ns() const = 0;
};

class SystemClock final : public Clock {
 public:
  std::int64_t now_ns() const override;
  std::int64_t monotonic_ns() const override;
};

}  // namespace postern::platform
