// Numbers as bytes that sort as the numbers do.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace postern::journal {

using BigEndian = std::array<std::byte, sizeof(std::uint64_t)>;

inline BigEndian to_big_endian(std::uint64_t number) {
  if constexpr (std::endian::native == std::endian::little) number = std::byteswap(number);
  return std::bit_cast<BigEndian>(number);
}

inline std::uint64_t from_big_endian(std::span<const std::byte, sizeof(std::uint64_t)> bytes) {
  std::uint64_t number = 0;
  for (const std::byte byte : bytes) number = number << 8 | std::to_integer<std::uint64_t>(byte);
  return number;
}

}  // namespace postern::journal
