// A grant as it is read, and as lists hold it: in eight bytes, or in four.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "daemon/domain/ids.h"
#include "event_generated.h"

namespace postern::domain {

/// A grant as it is read; named by the event that added it. Its texts are interned and live as long
/// as the state.
struct Grant {
  const std::string* resource = nullptr;
  const std::string* action = nullptr;
  std::uint64_t seq : 51 = 0;
  std::uint64_t index : 10 = 0;
  std::uint64_t conditional : 1 = 0;
  std::uint64_t deny : 1 = 0;
  std::uint64_t wildcard : 1 = 0;

  schema::Effect effect() const { return deny ? schema::Effect::deny : schema::Effect::allow; }
};

/// What names a grant: the record that added it, and its place among that record's.
struct GrantOrigin {
  Seq seq = 0;
  std::uint64_t index = 0;
};

/// Eight bytes: what it speaks of, and of its name the index in its record; of the seq, which it
/// shares with others, the place among those of its list.
struct PackedGrant {
  std::uint64_t right : 32;
  std::uint64_t index : 10;
  std::uint64_t origin : 8;
  std::uint64_t conditional : 1;
  std::uint64_t deny : 1;
};
static_assert(sizeof(PackedGrant) == 8);

/// The same in four, of the first rights and few records: as most lists lie.
struct NarrowGrant {
  static constexpr std::size_t rights_max = std::size_t{1} << 16U;
  static constexpr std::size_t origins_max = std::size_t{1} << 4U;

  std::uint32_t right : 16;
  std::uint32_t index : 10;
  std::uint32_t origin : 4;
  std::uint32_t conditional : 1;
  std::uint32_t deny : 1;
};
static_assert(sizeof(NarrowGrant) == 4);

}  // namespace postern::domain
