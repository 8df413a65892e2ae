// Numbers in the ring's files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace postern::calls {

/// Lowest byte first, as many as `place` has.
inline void put_number(std::span<std::byte> place, std::uint64_t value) {
  for (std::byte& byte : place) {
    byte = static_cast<std::byte>(value & 0xffU);
    value >>= 8;
  }
}

inline std::uint64_t get_number(std::span<const std::byte> place) {
  std::uint64_t value = 0;
  for (std::size_t index = place.size(); index > 0; --index)
    value = value << 8 | static_cast<std::uint64_t>(place[index - 1]);
  return value;
}

}  // namespace postern::calls
