// How an answer keeps to what a page may have.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "history_generated.h"

namespace postern::view {

/// A page ends before it is too large for its message.
inline constexpr std::size_t page_bytes_soft_max = 700'000;

/// Of entries; 0 asks for as many as are usual.
inline std::size_t page_size(std::uint32_t asked, std::uint32_t usual = 100,
                             std::uint32_t most = 1'000) {
  return asked == 0 ? usual : std::min(asked, most);
}

/// What a part of a page takes of its message.
template <class Native>
std::size_t packed_bytes(const Native& part) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Native::TableType::Pack(builder, &part));
  return builder.GetSize();
}

/// Puts what `make` makes of each into the list until it has that many bytes; gives how many it
/// leaves out.
template <class Entries, class List, class Make>
std::uint32_t fill(const Entries& entries, List& list, std::size_t bytes_max, Make make) {
  std::size_t bytes = 0;
  std::uint32_t left_out = 0;
  for (const auto& entry : entries) {
    if (bytes > bytes_max) {
      ++left_out;
      continue;
    }
    list.push_back(make(entry));
    bytes += packed_bytes(*list.back());
  }
  return left_out;
}

}  // namespace postern::view
