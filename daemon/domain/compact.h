// The words of compact bytes, written and read: the same operations as those of canonical.h, so
// that the one grammar of entries (grammar.h) says both forms. For snapshots.
// number := 7 bits a byte, the lowest first, the top bit set in all but the last, no byte more
//           than needed
// id := 16 bytes; text := length:number byte*; list := count:number item*
// word := 8 bytes, the lowest first. A field of fixed size is its bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/canonical.h"

namespace postern::domain {

class CompactWriter {
 public:
  static constexpr bool reads = false;

  template <Number Value>
  void number(Value value) {
    auto raw = static_cast<std::uint64_t>(value);
    for (; raw >= 0x80; raw >>= 7U) bytes_.push_back(static_cast<std::uint8_t>(raw | 0x80U));
    bytes_.push_back(static_cast<std::uint8_t>(raw));
  }
  template <Number Value>
  void optional(const std::optional<Value>& value) {
    number(value.has_value());
    if (value) number(*value);
  }
  template <std::size_t size>
  void bytes(const std::array<std::uint8_t, size>& value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
  }
  void bytes(std::span<const std::uint8_t> value) {
    number(value.size());
    bytes_.insert(bytes_.end(), value.begin(), value.end());
  }
  void text(std::string_view value) {
    bytes(std::span(reinterpret_cast<const std::uint8_t*>(value.data()), value.size()));
  }
  /// 64 bits, the lowest byte first.
  void word(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8)
      bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  void id(const Uuid& value) {
    for (const std::uint64_t half : {value.high(), value.low()})
      for (int shift = 56; shift >= 0; shift -= 8)
        bytes_.push_back(static_cast<std::uint8_t>(half >> shift));
  }
  template <class Entries, class Each>
  void list(const Entries& entries, Each each) {
    number(entries.size());
    for (const auto& entry : entries) each(entry);
  }

  std::span<const std::uint8_t> written() const { return bytes_; }
  void clear() { bytes_.clear(); }

 private:
  std::vector<std::uint8_t> bytes_;
};

/// Reads whatever bytes there are and trusts none:
/// the first that do not fit are noted, and from then on all that it gives is nothing and every
/// list is empty. Memory grows with the bytes that are there, never with a length that they tell.
class CompactReader {
 public:
  static constexpr bool reads = true;

  /// `bytes` outlive the reader.
  explicit CompactReader(std::span<const std::uint8_t> bytes) : left_(bytes) {}

  template <Number Value>
  void number(Value& value) {
    const std::uint64_t raw = next_number();
    value = static_cast<Value>(raw);
    if (static_cast<std::uint64_t>(value) != raw) fail("a number does not fit its field");
    if constexpr (std::is_enum_v<Value>)
      if (value > Value::MAX || value < Value::MIN) fail("a number is none of its kind");
  }
  template <Number Value>
  void optional(std::optional<Value>& value) {
    bool is_there = false;
    number(is_there);
    if (is_there) number(value.emplace());
  }
  template <std::size_t size>
  void bytes(std::array<std::uint8_t, size>& value) {
    const auto found = next_bytes(size);
    std::ranges::copy(found, value.begin());
  }
  void bytes(std::vector<std::uint8_t>& value) {
    const auto found = next_bytes(next_number());
    value.assign(found.begin(), found.end());
  }
  void text(std::string& value) { value.assign(view()); }
  void id(Uuid& value) {
    const auto found = next_bytes(16);
    if (!good()) return;
    std::array<std::uint64_t, 2> halves{};
    for (std::size_t place = 0; place < found.size(); ++place)
      halves[place / 8] = halves[place / 8] << 8U | found[place];
    value = Uuid(halves[0], halves[1]);
  }
  /// No item is shorter than a byte.
  template <class Entry, class Each>
  void list(std::vector<Entry>& entries, Each each) {
    constexpr std::uint64_t believed_max = 1'024;
    const std::uint64_t count = next_number();
    if (count > left_.size()) fail(ends_early);
    if (!good()) return;
    entries.reserve(static_cast<std::size_t>(std::min(count, believed_max)));
    for (std::uint64_t place = 0; place < count && good(); ++place) each(entries.emplace_back());
  }

  /// Of a text or of bytes, valid as long as those that are read.
  std::span<const std::uint8_t> byte_view() { return next_bytes(next_number()); }
  std::string_view view() {
    const auto found = byte_view();
    return {reinterpret_cast<const char*>(found.data()), found.size()};
  }
  /// So many words; nothing else than that many times eight bytes, or nothing.
  std::span<const std::uint8_t> words(std::size_t count) {
    return next_bytes(std::uint64_t{count} * sizeof(std::uint64_t));
  }
  static std::uint64_t word_in(std::span<const std::uint8_t> words, std::size_t place) {
    std::uint64_t value = 0;
    for (std::size_t byte = 0; byte < sizeof value; ++byte)
      value |= std::uint64_t{words[place * sizeof value + byte]} << 8 * byte;
    return value;
  }
  /// Nothing is left, or nothing good.
  bool at_end() const { return left_.empty(); }

  /// The first is kept.
  void fail(std::string_view sentence) {
    if (failure_.empty()) failure_ = sentence;
    left_ = {};
  }
  bool good() const { return failure_.empty(); }
  const std::string& failure() const { return failure_; }

 private:
  static constexpr std::string_view ends_early = "the bytes end too early";

  std::uint64_t next_number() {
    if (left_.empty() || left_.front() >= 0x80) return next_long_number();
    const std::uint8_t byte = left_.front();
    left_ = left_.subspan(1);
    return byte;
  }
  std::uint64_t next_long_number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) break;
      const std::uint8_t byte = left_.front();
      left_ = left_.subspan(1);
      const std::uint64_t part = byte & 0x7FU;
      value |= part << shift;
      if (part << shift >> shift != part) break;
      if (byte >= 0x80) continue;
      if (byte == 0 && shift > 0) break;
      return value;
    }
    fail(left_.empty() ? ends_early : "a number is written in another form");
    return 0;
  }
  std::span<const std::uint8_t> next_bytes(std::uint64_t count) {
    if (count > left_.size()) fail(ends_early);
    if (!good()) return {};
    const auto found = left_.first(static_cast<std::size_t>(count));
    left_ = left_.subspan(found.size());
    return found;
  }

  std::span<const std::uint8_t> left_;
  std::string failure_;
};

}  // namespace postern::domain
