// key      := "pstk_" number{8} checksum
// number   := 11 digits of base 62 of 8 bytes: those of the key's id, the user's id, 32 of secret
// checksum := 6 digits of base 62 of the CRC-32 (ISO 3309) over all before
// digits   := 0-9 A-Z a-z, most significant first
// hash     := BLAKE2b-256(key), keyed
#include "daemon/credential/api_key.h"

#include <sodium.h>

#include <span>

#include "daemon/credential/sodium_ready.h"
#include "daemon/platform/require.h"

namespace postern::credential {

namespace {

constexpr std::string_view digits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t number_digits = 11;
constexpr std::size_t number_count = 8;
constexpr std::size_t checksum_digits = 6;
static_assert(api_key_prefix.size() + number_count * number_digits + checksum_digits ==
              api_key_text_size);

std::string in_digits(std::uint64_t number, std::size_t count) {
  std::string text(count, digits[0]);
  for (std::size_t place = count; place-- > 0; number /= digits.size())
    text[place] = digits[number % digits.size()];
  return text;
}

/// Nothing if a character is no digit or the number has more than 64 bits.
std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  for (const char character : text) {
    const std::size_t digit = digits.find(character);
    if (digit == std::string_view::npos ||
        __builtin_mul_overflow(number, std::uint64_t{digits.size()}, &number) ||
        __builtin_add_overflow(number, std::uint64_t{digit}, &number))
      return std::nullopt;
  }
  return number;
}

std::uint32_t crc_of(std::string_view text) {
  std::uint32_t crc = 0xffff'ffffU;
  for (const char character : text) {
    crc ^= static_cast<unsigned char>(character);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1U) != 0 ? 0xedb8'8320U : 0U);
  }
  return ~crc;
}

}  // namespace

NewApiKey make_api_key(const Key& hashing, const ApiKeyNames& names, platform::Entropy& entropy) {
  std::array<std::uint64_t, 4> random{};
  entropy.fill(std::as_writable_bytes(std::span(random)));
  std::string text(api_key_prefix);
  text.reserve(api_key_text_size);
  for (const std::uint64_t number :
       {names.key.high(), names.key.low(), names.user.high(), names.user.low()})
    text += in_digits(number, number_digits);
  for (const std::uint64_t number : random) {
    std::string part = in_digits(number, number_digits);
    text += part;
    wipe(std::as_writable_bytes(std::span(part)));
  }
  text += in_digits(crc_of(text), checksum_digits);
  NewApiKey made{Secret(text), hash_api_key(hashing, text)};
  wipe(std::as_writable_bytes(std::span(text)));
  wipe(std::as_writable_bytes(std::span(random)));
  return made;
}

std::optional<ApiKeyNames> read_api_key(std::string_view text) {
  if (text.size() != api_key_text_size || !text.starts_with(api_key_prefix)) return std::nullopt;
  const std::string_view body = text.substr(0, text.size() - checksum_digits);
  if (number_of(text.substr(body.size())) != crc_of(body)) return std::nullopt;
  std::array<std::uint64_t, number_count> numbers{};
  for (std::size_t index = 0; index < number_count; ++index) {
    const auto number =
        number_of(body.substr(api_key_prefix.size() + index * number_digits, number_digits));
    if (!number) return std::nullopt;
    numbers[index] = *number;
  }
  return ApiKeyNames{{numbers[0], numbers[1]}, {numbers[2], numbers[3]}};
}

ApiKeyHash hash_api_key(const Key& hashing, std::string_view text) {
  sodium_ready();
  ApiKeyHash hash{};
  require(crypto_generichash(hash.data(), hash.size(),
                             reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                             reinterpret_cast<const unsigned char*>(hashing.data()),
                             hashing.size()) == 0);
  return hash;
}

bool equal_hashes(const ApiKeyHash& left, const ApiKeyHash& right) {
  return sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string api_key_beginning(const schema::Uuid& key) {
  return std::string(api_key_prefix) + in_digits(key.high(), number_digits);
}

}  // namespace postern::credential
