#include "daemon/journal/leveldb/log_form.h"

#include <algorithm>
#include <bit>
#include <boost/endian/conversion.hpp>
#include <span>

#include "daemon/platform/crc32c.h"

namespace postern::journal {

namespace {

using std::string_view;

constexpr std::size_t block_bytes = 32'768;
constexpr std::size_t header_bytes = 7;

enum FragmentType : std::uint8_t { none, full, first, middle, last };

const unsigned char* bytes_at(string_view bytes, std::size_t at) {
  return reinterpret_cast<const unsigned char*>(bytes.data() + at);
}

/// As LevelDB stores it: it also masks checksums of bytes that hold checksums.
std::uint32_t masked_crc32c(string_view bytes) {
  return std::rotr(platform::crc32c({std::as_bytes(std::span(bytes))}), 15) + 0xa282'ead8U;
}

struct Fragment {
  std::uint8_t type = none;
  string_view payload;
  bool has_right_checksum = false;
};

std::size_t left_in_block(std::size_t at) { return block_bytes - at % block_bytes; }

/// Of a place with room for a header; nothing if it does not fit into its block and the file.
std::optional<Fragment> fragment_at(string_view content, std::size_t at, bool checks) {
  const std::size_t length = boost::endian::load_little_u16(bytes_at(content, at + 4));
  if (header_bytes + length > std::min(left_in_block(at), content.size() - at)) return std::nullopt;
  Fragment fragment{*bytes_at(content, at + 6), content.substr(at + header_bytes, length)};
  if (!checks) return fragment;
  // Of type and payload.
  const std::uint32_t checksum = boost::endian::load_little_u32(bytes_at(content, at));
  fragment.has_right_checksum =
      checksum == masked_crc32c(content.substr(at + header_bytes - 1, 1 + length));
  return fragment;
}

bool has_room_for_header(string_view content, std::size_t at) {
  return left_in_block(at) >= header_bytes && content.size() - at >= header_bytes;
}

bool begins_record(const std::optional<Fragment>& fragment) {
  return fragment && fragment->has_right_checksum &&
         (fragment->type == full || fragment->type == first);
}

/// Whether a record begins at or behind a place, up to `end`, the end of its block.
bool any_begins_between(string_view content, std::size_t at, std::size_t end) {
  for (; at < end && has_room_for_header(content, at); ++at) {
    const std::uint8_t type = *bytes_at(content, at + 6);
    if ((type == full || type == first) && begins_record(fragment_at(content, at, true)))
      return true;
  }
  return false;
}

/// Behind a place that is no fragment.
bool any_begins_behind(string_view content, std::size_t bad) {
  std::size_t block_end = std::min(content.size(), bad + left_in_block(bad));
  if (any_begins_between(content, bad + 1, block_end)) return true;
  for (std::size_t at = block_end; at < content.size(); at = block_end) {
    block_end = std::min(content.size(), at + block_bytes);
    while (at < block_end && has_room_for_header(content, at)) {
      const auto fragment = fragment_at(content, at, true);
      if (begins_record(fragment)) return true;
      if (!fragment || !fragment->has_right_checksum) break;
      at += header_bytes + fragment->payload.size();
    }
  }
  return false;
}

}  // namespace

std::optional<std::string> LogRecords::next() {
  std::string record;
  while (at_ < content_.size()) {
    if (!has_room_for_header(content_, at_)) {
      at_ = std::min(content_.size(), at_ + left_in_block(at_));
      continue;
    }
    const auto fragment = fragment_at(content_, at_, false);
    if (!fragment) return std::nullopt;
    if (fragment->type == none && fragment->payload.empty()) {
      // LevelDB goes on behind the block.
      at_ = std::min(content_.size(), at_ + left_in_block(at_));
      continue;
    }
    at_ += header_bytes + fragment->payload.size();
    if (fragment->type > last || fragment->type == none) return std::nullopt;
    if (fragment->type == full || fragment->type == first) record.clear();
    record += fragment->payload;
    if (fragment->type == full || fragment->type == last) return record;
  }
  return std::nullopt;
}

std::uint64_t end_before_torn_write(string_view content) {
  std::size_t whole = 0;
  std::size_t at = 0;
  while (at < content.size()) {
    if (!has_room_for_header(content, at)) {
      at = std::min(content.size(), at + left_in_block(at));
      continue;
    }
    const auto fragment = fragment_at(content, at, true);
    if (!fragment || !fragment->has_right_checksum)
      return any_begins_behind(content, at) ? content.size() : whole;
    at += header_bytes + fragment->payload.size();
    if (fragment->type == full || fragment->type == last) whole = at;
  }
  return content.size();
}

}  // namespace postern::journal
