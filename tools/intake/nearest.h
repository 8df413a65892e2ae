// The known name that a mistyped one was meant for. Functions without state, for any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace postern::intake {

/// As `schema::nearest_name`; empty where none is near.
std::string nearest(std::string_view typed, std::span<const std::string> known);

/// "There is no field 'emial'; the nearest is 'email'."
std::string no_such(std::string_view kind, std::string_view typed,
                    std::span<const std::string> known);

}  // namespace postern::intake
