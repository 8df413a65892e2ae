// A clock that stands still until it is told otherwise.
#pragma once

#include <atomic>

#include "daemon/platform/clock.h"

namespace postern::support {

class SimulatedClock final : public platform::Clock {
 public:
  std::int64_t now_ns() const override { return now_ns_; }
  std::int64_t monotonic_ns() const override { return monotonic_ns_; }

  /// Time goes by.
  void advance_ms(std::int64_t ms) {
    now_ns_ += ms * 1'000'000;
    monotonic_ns_ += ms * 1'000'000;
  }
  /// Somebody sets the clock.
  void set_back_ms(std::int64_t ms) { now_ns_ -= ms * 1'000'000; }

 private:
  std::atomic<std::int64_t> now_ns_{1'800'000'000'000'000'000};
  std::atomic<std::int64_t> monotonic_ns_{1'000'000'000};
};

}  // namespace postern::support
