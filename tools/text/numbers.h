// Numbers as they are typed. Functions without state, for any thread.
#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace postern::text {

/// Decimal digits alone: no sign, blank, point, exponent or base; zeros in front change nothing.
template <class Number>
std::optional<Number> read_number(std::string_view text, Number least = 0,
                                  Number most = std::numeric_limits<Number>::max()) {
  static_assert(std::is_unsigned_v<Number>);
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || stop != end || number < least || number > most)
    return std::nullopt;
  return number;
}

/// Digits, and after a point up to three more: 10, 0.5. In milliseconds.
std::optional<std::uint64_t> read_milliseconds(std::string_view seconds);

}  // namespace postern::text
