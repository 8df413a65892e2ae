// Files in LevelDB's log form, for tests.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/leveldb_checksums.h"

namespace postern::testing {

/// The records in fragments of at most `part_bytes`, with right checksums.
inline std::string log_of(const std::vector<std::string>& records,
                          std::size_t part_bytes = 32'761) {
  constexpr std::size_t block_bytes = 32'768;
  constexpr std::size_t header_bytes = 7;
  enum : char { full = 1, first, middle, last };
  std::string log;
  for (const std::string& record : records) {
    std::size_t at = 0;
    do {
      const std::size_t block_left = block_bytes - log.size() % block_bytes;
      if (block_left < header_bytes) log.append(block_left, '\0');
      const std::size_t room = block_bytes - log.size() % block_bytes - header_bytes;
      const std::string part = record.substr(at, std::min(room, part_bytes));
      const bool begins = at == 0;
      at += part.size();
      const bool ends = at == record.size();
      log.append(4, '\0');
      log += static_cast<char>(part.size() & 0xff);
      log += static_cast<char>(part.size() >> 8);
      log += begins && ends ? full : begins ? first : ends ? last : middle;
      log += part;
    } while (at < record.size());
  }
  support::mend_checksums(log);
  return log;
}

}  // namespace postern::testing
