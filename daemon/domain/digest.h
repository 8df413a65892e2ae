// The digest of all state (law 4): canonical bytes of every entry in id order, for the caller to
// hash.
#pragma once

#include "daemon/domain/canonical.h"
#include "daemon/domain/tables.h"

namespace postern::domain {

/// Sealed data goes in as it is stored, so keys and erasures change nothing.
template <template <class> class Handle>
void write_canonical(const Tables<Handle>& tables, const Sink& sink);

}  // namespace postern::domain
