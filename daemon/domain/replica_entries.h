// Entries as a replica has them: all that a check needs, nothing that is secret or personal, and
// nothing else. In compact words, so that a replica asks the same values as the daemon does.
// entry := tenant | role | user | operator | ranges, each with its tag; a tenant stands without its
//          roles, and each role for itself: role := tag:number tenant:id there:number role?
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>

#include "daemon/domain/entry_reader.h"
#include "daemon/domain/state.h"

namespace postern::domain {

/// Of these bytes. Who reads another form must not try: what it passes over might deny.
inline constexpr std::uint16_t replica_form = 1;

/// Without its roles.
Bytes replica_entry(const Tenant& tenant);
/// Null: it is gone.
Bytes replica_entry(const Uuid& tenant, const Uuid& id, const NamedRole* role);
/// One who is not active may do nothing, so it is told without what it might.
Bytes replica_entry(const User& user);
/// Role, scope and `vouches` alone.
Bytes replica_entry(const Operator& entry);
Bytes replica_entry(const ProviderRanges& ranges);

/// Reads such entries into a state. Owned by the state's thread. Whatever the bytes are, nothing of
/// an entry that does not fit is taken, and nothing after it.
class ReplicaReading {
 public:
  /// Which operator asked is known once its entry came.
  struct Took {
    std::optional<Uuid> asker = {};
  };

  /// `state` outlives it, and is not moved.
  explicit ReplicaReading(State& state) : state_(state) {}

  /// Adds what it replaced to `changes`. Fails with a sentence.
  std::expected<Took, std::string> take(std::span<const std::uint8_t> entry, Changes& changes);

 private:
  class Reader;

  void take_tenant(Reader& in, Changes& changes);
  void take_role(Reader& in, Changes& changes);
  void take_user(Reader& in, Changes& changes);
  void take_ranges(Reader& in, Changes& changes);
  Uuid take_operator(Reader& in, Changes& changes);

  State& state_;
  /// Of the first entry that did not fit; empty: all did.
  std::string failure_;
};

}  // namespace postern::domain
