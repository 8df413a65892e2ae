// Numbers as checkpoints write them: decimal, without sign and without zeros before them.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace postern::schema {

/// Nothing if `text` is not exactly how the number is written.
template <class Number>
std::optional<Number> plain_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_plain = text == "0" || (!text.empty() && text[0] >= '1' && text[0] <= '9');
  if (!is_plain || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace postern::schema
