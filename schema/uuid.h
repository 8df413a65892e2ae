// Ids as keys of tables.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common_generated.h"

namespace postern::schema {

constexpr std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 32;
  value *= 0xd6e8feb86659fd93U;
  value ^= value >> 32;
  return value;
}

/// Ids are random or carry random parts, but the caller of a command chooses its id: mixed all the
/// same.
inline std::size_t hash_of(const Uuid& id) { return mix(id.high() ^ mix(id.low())); }

struct UuidHash {
  std::size_t operator()(const Uuid& id) const { return hash_of(id); }
};

inline bool less(const Uuid& left, const Uuid& right) {
  return left.high() != right.high() ? left.high() < right.high() : left.low() < right.low();
}

inline bool is_zero(const Uuid& id) { return id.high() == 0 && id.low() == 0; }

}  // namespace postern::schema
