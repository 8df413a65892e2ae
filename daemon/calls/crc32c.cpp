#include "daemon/calls/crc32c.h"

#include <array>

namespace postern::calls {

namespace {

constexpr std::array<std::uint32_t, 256> table = [] {
  constexpr std::uint32_t reversed_polynomial = 0x82f6'3b78;
  std::array<std::uint32_t, 256> made{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1U) != 0 ? value >> 1 ^ reversed_polynomial : value >> 1;
    made[byte] = value;
  }
  return made;
}();

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes) {
  std::uint32_t value = 0xffff'ffff;
  for (const std::byte byte : bytes)
    value = value >> 8 ^ table[(value ^ static_cast<std::uint32_t>(byte)) & 0xffU];
  return ~value;
}

}  // namespace postern::calls
