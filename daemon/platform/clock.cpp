#include "daemon/platform/clock.h"

#include <chrono>

namespace postern::platform {

template <class SomeClock>
static std::int64_t nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(SomeClock::now().time_since_epoch())
      .count();
}

std::int64_t SystemClock::now_ns() const { return nanoseconds<std::chrono::system_clock>(); }

std::int64_t SystemClock::monotonic_ns() const { return nanoseconds<std::chrono::steady_clock>(); }

}  // namespace postern::platform
