// How an entry lies in a file of the ring.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace postern::calls {

inline constexpr std::size_t frame_head_bytes = 20;
inline constexpr std::size_t file_head_bytes = 32;
inline constexpr std::uint32_t file_version = 1;

struct Frame {
  std::uint64_t position = 0;
  std::span<const std::byte> entry;

  std::size_t bytes() const { return frame_head_bytes + entry.size(); }
};

void put_frame(std::vector<std::byte>& out, std::uint64_t position,
               std::span<const std::byte> entry);

/// The frame that begins these bytes; absent if none does, whole and undamaged.
std::optional<Frame> frame_at(std::span<const std::byte> bytes);

/// Where the next undamaged frame begins at or after `from`; the size of `bytes` if none does.
std::size_t find_frame(std::span<const std::byte> bytes, std::size_t from);

std::vector<std::byte> file_head(std::uint64_t first_position);

/// The version a file was written by; 0: its head is damaged.
std::uint32_t version_of(std::span<const std::byte> head);

}  // namespace postern::calls
