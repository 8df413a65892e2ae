// file  := head frame*                                                     numbers little-endian
// head  := "PSTNCALL" version:u32 0:u32 first_position:u64 crc32c:u32 0:u32
// frame := "PSCF" entry_size:u32 position:u64 crc32c:u32 entry
// A frame's crc32c is over entry_size, position and entry; the head's over what is before it.
#include "daemon/calls/frame.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "daemon/calls/call_ring.h"
#include "daemon/calls/crc32c.h"
#include "daemon/calls/little_endian.h"

namespace postern::calls {

namespace {

constexpr std::string_view file_magic = "PSTNCALL";
constexpr std::string_view frame_magic = "PSCF";

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Over the frame but its magic and the sum itself, which stands between.
std::uint32_t sum_of(std::span<const std::byte> frame) {
  std::vector<std::byte> summed(frame.begin() + 4, frame.begin() + 16);
  summed.insert(summed.end(), frame.begin() + frame_head_bytes, frame.end());
  return crc32c(summed);
}

}  // namespace

void put_frame(std::vector<std::byte>& out, std::uint64_t position,
               std::span<const std::byte> entry) {
  const std::size_t begin = out.size();
  out.resize(begin + frame_head_bytes);
  out.insert(out.end(), entry.begin(), entry.end());
  const std::span frame = std::span(out).subspan(begin);
  std::ranges::copy(bytes_of(frame_magic), frame.begin());
  put_number(frame.subspan(4, 4), entry.size());
  put_number(frame.subspan(8, 8), position);
  put_number(frame.subspan(16, 4), sum_of(frame));
}

std::optional<Frame> frame_at(std::span<const std::byte> bytes) {
  if (bytes.size() < frame_head_bytes) return std::nullopt;
  if (!std::ranges::equal(bytes.first(4), bytes_of(frame_magic))) return std::nullopt;
  const std::uint64_t size = get_number(bytes.subspan(4, 4));
  if (size > CallRing::entry_bytes_max || size > bytes.size() - frame_head_bytes)
    return std::nullopt;
  const auto frame = bytes.first(frame_head_bytes + size);
  if (get_number(frame.subspan(16, 4)) != sum_of(frame)) return std::nullopt;
  return Frame{get_number(frame.subspan(8, 8)), frame.subspan(frame_head_bytes)};
}

std::size_t find_frame(std::span<const std::byte> bytes, std::size_t from) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (std::size_t place = text.find(frame_magic, from); place != text.npos;
       place = text.find(frame_magic, place + 1))
    if (frame_at(bytes.subspan(place))) return place;
  return bytes.size();
}

std::vector<std::byte> file_head(std::uint64_t first_position) {
  std::vector<std::byte> head(file_head_bytes);
  const std::span place(head);
  std::ranges::copy(bytes_of(file_magic), place.begin());
  put_number(place.subspan(8, 4), file_version);
  put_number(place.subspan(16, 8), first_position);
  put_number(place.subspan(24, 4), crc32c(place.first(24)));
  return head;
}

std::uint32_t version_of(std::span<const std::byte> head) {
  if (head.size() < file_head_bytes || !std::ranges::equal(head.first(8), bytes_of(file_magic)) ||
      get_number(head.subspan(24, 4)) != crc32c(head.first(24)))
    return 0;
  return static_cast<std::uint32_t>(get_number(head.subspan(8, 4)));
}

}  // namespace postern::calls
