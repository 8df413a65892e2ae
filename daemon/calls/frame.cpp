// file  := head frame*                                                     numbers little-endian
// head  := "PSTNCALL" version:u32 0:u32 first_position:u64 crc32c:u32 0:u32
// frame := "PSCF" entry_size:u32 position:u64 crc32c:u32 entry
// A frame's crc32c is over entry_size, position and entry; the head's over what is before it.
#include "daemon/calls/frame.h"

#include <algorithm>
#include <array>
#include <boost/endian/buffers.hpp>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "daemon/calls/call_ring.h"
#include "daemon/platform/crc32c.h"

namespace postern::calls {

namespace {

using boost::endian::little_uint32_buf_t;
using boost::endian::little_uint64_buf_t;
using platform::crc32c;

constexpr std::array file_magic{'P', 'S', 'T', 'N', 'C', 'A', 'L', 'L'};
constexpr std::array frame_magic{'P', 'S', 'C', 'F'};

struct FileHead {
  std::array<char, 8> magic;
  little_uint32_buf_t version;
  little_uint32_buf_t zero;
  little_uint64_buf_t first_position;
  little_uint32_buf_t sum;
  little_uint32_buf_t zero_behind;
};
static_assert(sizeof(FileHead) == file_head_bytes);

struct FrameHead {
  std::array<char, 4> magic;
  little_uint32_buf_t entry_size;
  little_uint64_buf_t position;
  little_uint32_buf_t sum;
};
static_assert(sizeof(FrameHead) == frame_head_bytes);

/// `bytes` are as many, or more.
template <class Head>
Head head_in(std::span<const std::byte> bytes) {
  Head head;
  std::memcpy(&head, bytes.data(), sizeof head);
  return head;
}

template <class Head>
std::span<const std::byte> bytes_of(const Head& head) {
  return std::as_bytes(std::span(&head, 1));
}

std::uint32_t sum_of(const FileHead& head) {
  return crc32c({bytes_of(head).first(offsetof(FileHead, sum))});
}

std::uint32_t sum_of(const FrameHead& head, std::span<const std::byte> entry) {
  constexpr std::size_t begin = offsetof(FrameHead, entry_size);
  return crc32c({bytes_of(head).subspan(begin, offsetof(FrameHead, sum) - begin), entry});
}

}  // namespace

void put_frame(std::vector<std::byte>& out, std::uint64_t position,
               std::span<const std::byte> entry) {
  FrameHead head{frame_magic,
                 little_uint32_buf_t(static_cast<std::uint32_t>(entry.size())),
                 little_uint64_buf_t(position),
                 {}};
  head.sum = sum_of(head, entry);
  for (const auto part : {bytes_of(head), entry}) out.insert(out.end(), part.begin(), part.end());
}

std::optional<Frame> frame_at(std::span<const std::byte> bytes) {
  if (bytes.size() < frame_head_bytes) return std::nullopt;
  const auto head = head_in<FrameHead>(bytes);
  if (head.magic != frame_magic) return std::nullopt;
  const std::uint32_t size = head.entry_size.value();
  if (size > CallRing::entry_bytes_max || size > bytes.size() - frame_head_bytes)
    return std::nullopt;
  const auto entry = bytes.subspan(frame_head_bytes, size);
  if (head.sum.value() != sum_of(head, entry)) return std::nullopt;
  return Frame{head.position.value(), entry};
}

std::size_t find_frame(std::span<const std::byte> bytes, std::size_t from) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string_view magic(frame_magic.data(), frame_magic.size());
  for (std::size_t place = text.find(magic, from); place != text.npos;
       place = text.find(magic, place + 1))
    if (frame_at(bytes.subspan(place))) return place;
  return bytes.size();
}

std::vector<std::byte> file_head(std::uint64_t first_position) {
  FileHead head{file_magic,
                little_uint32_buf_t(file_version),
                little_uint32_buf_t(0),
                little_uint64_buf_t(first_position),
                little_uint32_buf_t(0),
                little_uint32_buf_t(0)};
  head.sum = sum_of(head);
  const auto bytes = bytes_of(head);
  return {bytes.begin(), bytes.end()};
}

std::uint32_t version_of(std::span<const std::byte> bytes) {
  if (bytes.size() < file_head_bytes) return 0;
  const auto head = head_in<FileHead>(bytes);
  if (head.magic != file_magic || head.sum.value() != sum_of(head)) return 0;
  return head.version.value();
}

}  // namespace postern::calls
