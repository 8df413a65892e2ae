// Bytes for tests of the journal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/journal/journal.h"

namespace postern::support {

inline journal::Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// The record that tests append at `seq`: readable, of differing length.
inline journal::Bytes record_at(std::uint64_t seq) {
  return bytes_of("record " + std::to_string(seq) + " " + std::string(seq * 7 % 23, 'x'));
}

inline std::vector<journal::Bytes> records_from(std::uint64_t first, std::uint64_t count) {
  std::vector<journal::Bytes> records;
  for (std::uint64_t seq = first; seq < first + count; ++seq) records.push_back(record_at(seq));
  return records;
}

inline std::vector<journal::View> views(const std::vector<journal::Bytes>& records) {
  return {records.begin(), records.end()};
}

inline std::string hex(journal::View bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<std::size_t>(byte) >> 4];
    text += digits[std::to_integer<std::size_t>(byte) & 15];
  }
  return text;
}

}  // namespace postern::support
