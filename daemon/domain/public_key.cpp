#include "daemon/domain/public_key.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace postern::domain {

namespace {

using Point = std::array<std::uint8_t, 32>;

/// 2^255 - 19 + `above`, little-endian.
constexpr Point prime_and(int above) {
  Point made;
  made.fill(0xff);
  made.front() = static_cast<std::uint8_t>(0xed + above);
  made.back() = 0x7f;
  return made;
}

/// u-coordinates of all points of order 1, 2, 4 and 8 on the curve and its twist, and of those the
/// ones that are written a second way, above the prime.
constexpr Point small_order[] = {
    {0},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
     0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
     0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
     0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    prime_and(-1),
    prime_and(0),
    prime_and(1),
};

}  // namespace

bool names_somebody(std::span<const std::uint8_t> key) {
  Point point{};
  if (key.size() != point.size()) return false;
  std::ranges::copy(key, point.begin());
  // The curve's arithmetic does not look at the uppermost bit.
  point.back() &= 0x7f;
  return std::ranges::find(small_order, point) == std::end(small_order);
}

}  // namespace postern::domain
