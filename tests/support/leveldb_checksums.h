// LevelDB's checksums made right again, so that an edit of a file gets past them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::support {

inline std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
  }
  return ~crc;
}

/// Of a log or manifest: blocks of 32 KiB holding checksum (4, masked), length (2), type, payload.
inline void mend_checksums(std::string& content) {
  constexpr std::size_t block = 32'768;
  constexpr std::size_t header = 7;
  std::size_t at = 0;
  while (at + header <= content.size()) {
    if (const std::size_t block_left = block - at % block; block_left < header) {
      at += block_left;
      continue;
    }
    const auto low = static_cast<unsigned char>(content[at + 4]);
    const auto high = static_cast<unsigned char>(content[at + 5]);
    const std::size_t size = low + std::size_t{256} * high;
    if (size > content.size() - at - header) return;
    const std::uint32_t crc = crc32c(std::string_view(content).substr(at + 6, 1 + size));
    const std::uint32_t masked = (crc >> 15 | crc << 17) + 0xa282ead8U;
    for (std::size_t place = 0; place < 4; ++place)
      content[at + place] = static_cast<char>(masked >> 8 * place);
    at += header + size;
  }
}

}  // namespace postern::support
