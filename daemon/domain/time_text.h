// Times as people read them, for sentences of refusals.
#pragma once

#include <cstdint>
#include <string>

namespace postern::domain {

/// RFC 3339 in UTC, with nine digits of the second where they are not all zero.
std::string time_text(std::int64_t time_ns);

}  // namespace postern::domain
