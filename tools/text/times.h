// Times as people write and read them: RFC 3339, shown in UTC unless another zone was asked for.
// Functions without state but for the zone, for any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::text {

/// With all nine digits of the nanoseconds, or to the second.
std::string time_text(std::int64_t time_ns);
std::string time_text_short(std::int64_t time_ns);

/// Date and time with Z or an offset, up to nine digits of a second; nothing where the text is
/// something else, or a time that nanoseconds since 1970 cannot say.
std::optional<std::int64_t> read_time(std::string_view text);
inline constexpr const char* wanted_time =
    "Write it as 2027-01-31T00:00:00Z: date and time, Z or an offset as +02:00, at most nine "
    "digits of a second, before 2262.";

}  // namespace postern::text
