// The known name that a mistyped one was meant for. Functions without state, for any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace postern::intake {

/// Fewest letters to add, take away, replace, or swap with the next; bytes are letters.
std::size_t edits_between(std::string_view one, std::string_view other);

/// Empty where none is near: at most a third of its letters differ.
std::string nearest(std::string_view typed, std::span<const std::string> known);

/// "There is no field 'emial'; the nearest is 'email'."
std::string no_such(std::string_view kind, std::string_view typed,
                    std::span<const std::string> known);

}  // namespace postern::intake
