// CRC-32C (Castagnoli), as of RFC 3720.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace postern::calls {

std::uint32_t crc32c(std::span<const std::byte> bytes);

}  // namespace postern::calls
