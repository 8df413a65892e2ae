#include "daemon/platform/crc32c.h"

#include <boost/crc.hpp>

namespace postern::platform {

std::uint32_t crc32c(std::initializer_list<std::span<const std::byte>> parts) {
  constexpr std::uint32_t polynomial = 0x1edc'6f41;
  boost::crc_optimal<32, polynomial, 0xffff'ffff, 0xffff'ffff, true, true> sum;
  for (const std::span<const std::byte> part : parts) sum.process_bytes(part.data(), part.size());
  return static_cast<std::uint32_t>(sum.checksum());
}

}  // namespace postern::platform
