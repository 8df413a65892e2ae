// Days as this daemon counts them: of UTC, without leap seconds.
#pragma once

#include <cstdint>

namespace postern::domain {

inline constexpr std::int64_t day_ns = 86'400'000'000'000;

}  // namespace postern::domain
