// The words of canonical bytes, written; compact.h has the same operations in another form, so that
// one function over either says what an entry holds once (see grammar.h).
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

}  // namespace postern::domain
