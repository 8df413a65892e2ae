// CRC-32C (Castagnoli), as of RFC 3720.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace postern::platform {

/// Of the parts, one behind the other.
std::uint32_t crc32c(std::initializer_list<std::span<const std::byte>> parts);

}  // namespace postern::platform
