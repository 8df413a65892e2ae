// How long a run has taken, and whether it is over.
// Thread: any.
#pragma once

#include <chrono>

#include "tools/bench/wire.h"

namespace postern::bench {

class Stopwatch {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Stopwatch(const Limit& limit) : limit_(limit) {}
  bool over(std::size_t sent) const {
    return sent >= limit_.count || seconds() >= limit_.seconds ||
           (limit_.stop != nullptr && *limit_.stop);
  }
  double seconds() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }

 private:
  const Limit& limit_;
  Clock::time_point started_ = Clock::now();
};

}  // namespace postern::bench
