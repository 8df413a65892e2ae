// What strangers chose, made fit to be shown: whatever moves a cursor, turns the direction of
// writing, or cannot be seen at all appears escaped, on a terminal and in JSON.
// Functions without state, for any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::text {

/// For a terminal or a table: "\x1b", "\u202e", "\u{e0041}"; bytes that are no UTF-8 as "\xff".
std::string printable(std::string_view text);
/// Broken UTF-8 replaced by U+FFFD, the rest as it is.
std::string valid_utf8(std::string_view text);
/// JSON as it was serialized: the same characters within its texts as "\u202e", above U+FFFF as two
/// halves, so that it is read as the same value.
std::string shown_json(std::string_view json);

/// Columns of a terminal, as the C library counts them (wcwidth): a wide character takes two, a
/// mark that is put above another none.
std::size_t width_of(std::string_view printable_text);
/// How many bytes of it take so many columns at most, its last character whole.
std::size_t bytes_within(std::string_view printable_text, std::size_t columns);

}  // namespace postern::text
