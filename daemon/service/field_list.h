// A list of the fields of a FlatBuffers table, that is read once and known again: builders make the
// same one for each table of a kind. A list: its bytes | the table's bytes | for each field how far
// into the table it lies, or 0; numbers of two bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace postern::service {

/// Of a table whose fields have so many bytes each, in the order of their ids. A value.
template <std::size_t... field_bytes>
struct FieldList {
  static constexpr std::size_t count = sizeof...(field_bytes);
  static constexpr std::size_t head_bytes = 4;
  static constexpr std::size_t list_bytes_max = head_bytes + 2 * count;
  static constexpr std::size_t words = (list_bytes_max + 7) / 8;
  /// So many are read to know it again, whatever they are.
  static constexpr std::size_t compared_bytes = 8 * words;

  /// As generated code numbers fields.
  static constexpr std::size_t index_of(std::size_t field) { return (field - head_bytes) / 2; }

  /// Whether this list lies there.
  [[gnu::always_inline]] bool is_at(const std::byte* fields) const {
    std::uint64_t difference = 0;
    for (std::size_t word = 0; word < words; ++word) {
      std::uint64_t found = 0;
      std::memcpy(&found, fields + 8 * word, sizeof found);
      difference |= (found & mask[word]) ^ known[word];
    }
    return difference == 0;
  }

  /// Reads the one that lies there, with what comes behind it. False, and the list is as it was:
  /// it is of no usual form. Fields that are not known here are none, so that one that is added to
  /// the schema is judged by whoever knows it.
  [[gnu::noinline]] bool learn(std::span<const std::byte> bytes) {
    const auto number_at = [&](std::size_t place) {
      std::uint16_t number = 0;
      std::memcpy(&number, bytes.data() + place, sizeof number);
      return number;
    };
    if (bytes.size() < head_bytes) return false;
    const std::size_t list_bytes = number_at(0);
    if (list_bytes < head_bytes || list_bytes > std::min(list_bytes_max, bytes.size()) ||
        list_bytes % 2 != 0)
      return false;
    FieldList made;
    made.known = made.mask = {};
    std::memcpy(made.known.data(), bytes.data(), list_bytes);
    std::memset(made.mask.data(), 0xff, list_bytes);
    constexpr std::array<std::size_t, count> sizes = {field_bytes...};
    for (std::size_t index = 0; head_bytes + 2 * index < list_bytes; ++index)
      if (!made.add(index, sizes[index], number_at(head_bytes + 2 * index))) return false;
    *this = made;
    return true;
  }

  /// How far into the table each field lies; 0: it has none.
  std::array<std::uint16_t, count> places{};
  /// How far into the table the last byte of them.
  std::uint32_t end = head_bytes;
  /// A table that lies at a multiple of 4 is placed right where, so much further, none of these
  /// bits is set.
  std::uint32_t shift = 0;
  std::uint32_t unit_mask = 0;
  /// Its bytes, where they are compared; what no bytes are, as none is known.
  std::array<std::uint64_t, words> known{1};
  std::array<std::uint64_t, words> mask{};

 private:
  bool add(std::size_t index, std::size_t size, std::uint16_t place) {
    if (place == 0) return true;
    places[index] = place;
    end = std::max(end, static_cast<std::uint32_t>(place + size));
    if (size < 8) return place % size == 0;
    const bool is_first = unit_mask == 0;
    unit_mask = 7;
    return std::exchange(shift, place % 8U) == place % 8U || is_first;
  }
};

}  // namespace postern::service
