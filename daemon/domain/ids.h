// Ids as keys of tables.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common_generated.h"

namespace postern::domain {

using schema::Uuid;

constexpr std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 32;
  value *= 0xd6e8feb86659fd93U;
  value ^= value >> 32;
  return value;
}

/// Ids are random or carry random parts, but the caller of a command chooses its id: mixed all the
/// same.
inline std::size_t hash_of(const Uuid& id) { return mix(id.high() ^ mix(id.low())); }

inline bool less(const Uuid& left, const Uuid& right) {
  return left.high() != right.high() ? left.high() < right.high() : left.low() < right.low();
}

inline bool is_zero(const Uuid& id) { return id.high() == 0 && id.low() == 0; }

/// RFC 9562: 48 bits of milliseconds since 1970, the rest from `random` but for version and
/// variant.
inline Uuid uuid_v7(std::int64_t time_ms, const std::array<std::uint64_t, 2>& random) {
  const std::uint64_t high =
      static_cast<std::uint64_t>(time_ms) << 16 | 0x7000U | (random[0] & 0xfffU);
  return {high, (random[1] >> 2) | std::uint64_t{1} << 63};
}

/// O2: who records what the daemon itself finds.
inline const Uuid daemon_operator{0, 1};

}  // namespace postern::domain
