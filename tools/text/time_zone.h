// The zone times are shown in (U12): UTC unless one is asked for. Times are stored in UTC whatever
// is shown. Thread: main; set once, before other threads run, because the C library keeps it for
// the process.
#pragma once

#include <cstdint>
#include <string>

namespace postern::text {

/// An IANA name, as Europe/Zurich; empty or UTC: UTC. False for a name the system does not know.
[[nodiscard]] bool set_time_zone(const std::string& name);

/// Seconds east of UTC at that moment, daylight saving included; nothing but 0 in UTC.
struct LocalTime {
  std::int64_t offset_seconds = 0;
  bool is_utc = true;
};
LocalTime local_time_at(std::int64_t time_seconds);

}  // namespace postern::text
