// A clock that stands still until it is told otherwise.
#pragma once

#include <atomic>

#include "daemon/platform/clock.h"

namespace postern::support {

class SimulatedClock final : public platform::Clock {
 public:
  std::int64_t now_ns() const override { return now_ns_; }
  std::int64_t monotonic_ns() const override { return monotonic_ns_; }

  /// What it would say if nobody had set it.
  std::int64_t true_ns() const { return monotonic_ns_ + (begin_ns - begin_monotonic_ns); }

  /// Time goes by.
  void advance_ms(std::int64_t ms) {
    now_ns_ += ms * 1'000'000;
    monotonic_ns_ += ms * 1'000'000;
  }
  /// Somebody sets the clock.
  void set_back_ms(std::int64_t ms) { now_ns_ -= ms * 1'000'000; }
  void set_forward_ms(std::int64_t ms) { now_ns_ += ms * 1'000'000; }
  void set_right() { now_ns_ = true_ns(); }

 private:
  static constexpr std::int64_t begin_ns = 1'800'000'000'000'000'000;
  static constexpr std::int64_t begin_monotonic_ns = 1'000'000'000;

  std::atomic<std::int64_t> now_ns_{begin_ns};
  std::atomic<std::int64_t> monotonic_ns_{begin_monotonic_ns};
};

}  // namespace postern::support
