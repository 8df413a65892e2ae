// LevelDB's checksums made right again, so that an edit of a file gets past them.
#pragma once

#include <bit>
#include <boost/endian/conversion.hpp>
#include <cstdint>
#include <span>
#include <string>

#include "daemon/platform/crc32c.h"

namespace postern::support {

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
    auto* fragment = reinterpret_cast<unsigned char*>(content.data() + at);
    const std::size_t size = boost::endian::load_little_u16(fragment + 4);
    if (size > content.size() - at - header) return;
    const std::uint32_t crc =
        platform::crc32c({std::as_bytes(std::span(content).subspan(at + 6, 1 + size))});
    boost::endian::store_little_u32(fragment, std::rotr(crc, 15) + 0xa282'ead8U);
    at += header + size;
  }
}

}  // namespace postern::support
