// Ids: how they are made, and as keys of tables.
#pragma once

#include <array>
#include <cstdint>

#include "schema/uuid.h"

namespace postern::domain {

using schema::hash_of;
using schema::is_zero;
using schema::less;
using schema::mix;
using schema::Uuid;
using schema::UuidHash;

/// The place of a record in the journal, from 1.
using Seq = std::uint64_t;

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
