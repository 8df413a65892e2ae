#include "daemon/platform/clock.h"

#include <time.h>

#include <chrono>

#include "daemon/platform/require.h"

namespace postern::platform {

std::int64_t SystemClock::now_ns() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::int64_t SystemClock::monotonic_ns() const {
  timespec now{};
  require(::clock_gettime(CLOCK_BOOTTIME, &now) == 0);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

}  // namespace postern::platform
