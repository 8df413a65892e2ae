// The words of canonical bytes, written and read. Both classes have the same operations, so that
// one function over either says a form once (see grammar.h).
// number := u64 little-endian; text := length:number byte*; list := count:number item*
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "daemon/domain/ids.h"

namespace postern::domain {

/// Gets the bytes piece by piece.
using Sink = std::function<void(std::span<const std::uint8_t>)>;
/// Gives the next bytes, valid until the next call; none: the end.
using Source = std::function<std::span<const std::uint8_t>()>;

template <class Value>
concept Number = std::integral<Value> || std::is_enum_v<Value>;

class CanonicalWriter {
 public:
  static constexpr bool reads = false;

  /// `sink` outlives the writer.
  explicit CanonicalWriter(const Sink& sink) : sink_(sink) {}

  template <Number Value>
  void number(Value value) {
    const auto raw = static_cast<std::uint64_t>(value);
    std::array<std::uint8_t, sizeof raw> bytes;
    for (std::size_t place = 0; place < bytes.size(); ++place)
      bytes[place] = static_cast<std::uint8_t>(raw >> 8 * place);
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  }
  template <Number Value>
  void optional(const std::optional<Value>& value) {
    number(value.has_value());
    number(value.value_or(Value{}));
  }
  void bytes(std::span<const std::uint8_t> value) {
    number(value.size());
    buffer_.insert(buffer_.end(), value.begin(), value.end());
  }
  void text(std::string_view value) {
    bytes({reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
  }
  void id(const Uuid& value) {
    number(value.high());
    number(value.low());
  }
  template <class Entries, class Each>
  void list(const Entries& entries, Each each) {
    number(entries.size());
    for (const auto& entry : entries) each(entry);
  }

  void flush() {
    sink_(buffer_);
    buffer_.clear();
  }

 private:
  const Sink& sink_;
  std::vector<std::uint8_t> buffer_;
};

/// Reads whatever bytes there are and trusts none: the first that do not fit are noted, and from
/// then on all that it gives is nothing and every list is empty. Memory grows with the bytes that
/// are there, never with a length that they tell.
class CanonicalReader {
 public:
  static constexpr bool reads = true;
  /// Of one text.
  static constexpr std::uint64_t text_bytes_max = 16 << 20;

  /// `source` outlives the reader.
  explicit CanonicalReader(const Source& source) : source_(source) {}

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
    Value found{};
    number(is_there);
    number(found);
    if (!is_there && found != Value{}) fail("what is absent has a value");
    if (is_there) value = found;
  }
  template <std::size_t size>
  void bytes(std::array<std::uint8_t, size>& value) {
    const std::string_view found = view();
    if (found.size() != size) return fail("a field is shorter or longer than it must be");
    std::copy(found.begin(), found.end(), value.begin());
  }
  void bytes(std::vector<std::uint8_t>& value) {
    const std::string_view found = view();
    value.assign(found.begin(), found.end());
  }
  void text(std::string& value) { value.assign(view()); }
  void id(Uuid& value) {
    const std::uint64_t high = next_number();
    value = Uuid(high, next_number());
  }
  template <class Entry, class Each>
  void list(std::vector<Entry>& entries, Each each) {
    constexpr std::uint64_t believed_max = 1'024;
    const std::uint64_t count = next_number();
    entries.reserve(count < believed_max ? count : believed_max);
    for (std::uint64_t place = 0; place < count && good(); ++place) each(entries.emplace_back());
  }

  /// A text, valid until the next call of anything.
  std::string_view view();
  /// Nothing is left, or nothing good.
  bool at_end();

  /// The first is kept.
  void fail(std::string_view sentence);
  bool good() const { return failure_.empty(); }
  const std::string& failure() const { return failure_; }

 private:
  std::uint64_t next_number();
  /// Copies as many as there are.
  void gather(std::uint64_t count);

  const Source& source_;
  std::span<const std::uint8_t> window_;
  std::string gathered_;
  std::string failure_;
};

}  // namespace postern::domain
