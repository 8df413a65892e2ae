// The digest of all state (law 4): canonical bytes of every entry in id order, for the caller to
// hash.
#pragma once

#include "daemon/domain/canonical.h"
#include "daemon/domain/tables.h"

namespace postern::domain {

/// Entries as they stand at one moment, of a state or of a view. Whoever holds them keeps them
/// alive.
struct EntryList {
  std::vector<const Tenant*> tenants;
  std::vector<const User*> users;
  std::vector<const Operator*> operators;
  Providers providers;
  Owned<Copies> copies;

  void sort_by_id();
};

/// In no order.
template <template <class> class Handle>
EntryList entries_of(const Tables<Handle>& tables);

/// Sealed data goes in as it is stored, so keys and erasures change nothing.
template <template <class> class Handle>
void write_canonical(const Tables<Handle>& tables, const Sink& sink);

}  // namespace postern::domain
