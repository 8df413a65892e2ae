#include "daemon/service/present.h"

#include <algorithm>

namespace postern::service {

namespace {

constexpr std::int64_t hour_ns = 3'600'000'000'000;

}  // namespace

Present::Present(const platform::Clock& clock) : clock_(clock) { begin(); }

void Present::begin() {
  const Reading first = read();
  offset_ns_ = first.offset_ns;
  offset_max_ns_ = first.offset_ns + jump_max_ns;
  hour_began_ns_ = first.steady_ns;
}

/// The clock first: what comes between the two makes it look behind, and never ahead.
Present::Reading Present::read() const {
  const std::int64_t clock_ns = clock_.now_ns();
  const std::int64_t steady_ns = clock_.monotonic_ns();
  return {clock_ns, clock_ns - steady_ns, steady_ns};
}

std::int64_t Present::now_ns() const { return std::max(believed_ns(), record_ns_.load()); }

std::int64_t Present::believed_ns() const { return believed(read()); }

Present::Standing Present::judge(const Reading& now) const {
  Standing standing;
  if (now.offset_ns > offset_max_ns_)
    standing.ahead_ns = now.offset_ns - offset_ns_;
  else
    standing.behind_ns = std::max<std::int64_t>(record_ns_ - now.clock_ns, 0);
  standing.believed_ns = believed(now);
  standing.confirmed = standing.behind_ns > 0 && record_ns_ <= confirmed_until_ns_;
  return standing;
}

Present::Standing Present::look() {
  const Reading now = read();
  if (now.offset_ns <= offset_max_ns_) {
    offset_ns_ = now.offset_ns;
    if (now.steady_ns - hour_began_ns_ >= hour_ns) {
      hour_began_ns_ = now.steady_ns;
      offset_max_ns_ = std::max(offset_max_ns_.load(), now.offset_ns + jump_max_ns);
    }
  }
  return judge(now);
}

}  // namespace postern::service
