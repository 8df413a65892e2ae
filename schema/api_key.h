// The text of an API key (C8), for whoever makes one, reads one or looks for leaked ones:
//   key      := "pstk_" number{8} checksum
//   number   := 11 digits of base 62 of 8 bytes: those of the key's id, the user's id, 32 of secret
//   checksum := 6 digits of base 62 of the CRC-32 (ISO 3309) over all before
//   digits   := 0-9 A-Z a-z, most significant first
// Functions without state, for any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common_generated.h"

namespace postern::schema {

/// How every key begins.
inline constexpr std::string_view api_key_prefix = "pstk_";
inline constexpr std::size_t api_key_number_digits = 11;
inline constexpr std::size_t api_key_number_count = 8;
inline constexpr std::size_t api_key_checksum_digits = 6;
inline constexpr std::size_t api_key_text_size =
    api_key_prefix.size() + api_key_number_count * api_key_number_digits + api_key_checksum_digits;
static_assert(api_key_text_size == 99);

/// Who a key's text says it is; nothing is proved by that.
struct ApiKeyNames {
  Uuid key;
  Uuid user;
};

inline constexpr std::string_view api_key_digits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

inline std::string in_api_key_digits(std::uint64_t number, std::size_t count) {
  std::string text(count, api_key_digits[0]);
  for (std::size_t place = count; place-- > 0; number /= api_key_digits.size())
    text[place] = api_key_digits[number % api_key_digits.size()];
  return text;
}

/// Nothing if a character is no digit or the number has more than 64 bits.
inline std::optional<std::uint64_t> api_key_number(std::string_view text) {
  std::uint64_t number = 0;
  for (const char character : text) {
    const std::size_t digit = api_key_digits.find(character);
    if (digit == std::string_view::npos ||
        __builtin_mul_overflow(number, std::uint64_t{api_key_digits.size()}, &number) ||
        __builtin_add_overflow(number, std::uint64_t{digit}, &number))
      return std::nullopt;
  }
  return number;
}

inline std::uint32_t api_key_checksum(std::string_view text) {
  std::uint32_t crc = 0xffff'ffffU;
  for (const char character : text) {
    crc ^= static_cast<unsigned char>(character);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1U) != 0 ? 0xedb8'8320U : 0U);
  }
  return ~crc;
}

/// Nothing if the text is no key: its form or its checksum is wrong.
inline std::optional<ApiKeyNames> read_api_key(std::string_view text) {
  if (text.size() != api_key_text_size || !text.starts_with(api_key_prefix)) return std::nullopt;
  const std::string_view body = text.substr(0, text.size() - api_key_checksum_digits);
  if (api_key_number(text.substr(body.size())) != api_key_checksum(body)) return std::nullopt;
  std::array<std::uint64_t, api_key_number_count> numbers{};
  for (std::size_t index = 0; index < api_key_number_count; ++index) {
    const auto number = api_key_number(
        body.substr(api_key_prefix.size() + index * api_key_number_digits, api_key_number_digits));
    if (!number) return std::nullopt;
    numbers[index] = *number;
  }
  return ApiKeyNames{{numbers[0], numbers[1]}, {numbers[2], numbers[3]}};
}

/// The first characters of a key's text, to tell it by: they say nothing of its secret.
inline std::string api_key_beginning(const Uuid& key) {
  return std::string(api_key_prefix) + in_api_key_digits(key.high(), api_key_number_digits);
}

}  // namespace postern::schema
