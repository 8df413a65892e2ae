#include "daemon/credential/z85.h"

#include <cstdint>

namespace postern::credential {

namespace {

constexpr std::size_t text_length = 40;
constexpr std::uint32_t base = 85;
constexpr std::string_view digits =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
static_assert(digits.size() == base);

/// Of five characters; false if they are no Z85.
bool decode_group(std::string_view text, std::span<std::byte, 4> bytes) {
  std::uint64_t value = 0;
  for (const char character : text) {
    const std::size_t digit = digits.find(character);
    if (digit == digits.npos) return false;
    value = value * base + digit;
  }
  for (std::size_t index = 0; index < bytes.size(); ++index)
    bytes[index] = static_cast<std::byte>(value >> (24 - 8 * index));
  return value >> 32 == 0;
}

}  // namespace

std::string z85_encode(std::span<const std::byte, 32> key) {
  std::string text;
  text.reserve(text_length);
  for (std::size_t first = 0; first < key.size(); first += 4) {
    std::uint32_t value = 0;
    for (const std::byte byte : key.subspan(first, 4))
      value = value << 8 | std::to_integer<std::uint32_t>(byte);
    for (std::uint32_t unit = base * base * base * base; unit > 0; unit /= base)
      text += digits[value / unit % base];
  }
  return text;
}

Expected<CurveKey> z85_decode(std::string_view text) {
  CurveKey key{};
  bool decoded = text.size() == text_length;
  for (std::size_t group = 0; decoded && group < key.size() / 4; ++group)
    decoded = decode_group(text.substr(5 * group, 5), std::span(key).subspan(4 * group).first<4>());
  if (!decoded)
    return std::unexpected(Failure{FailureKind::usage, "a key is not 40 characters of Z85",
                                   "give the key exactly as it was printed"});
  return key;
}

}  // namespace postern::credential
