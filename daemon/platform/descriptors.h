// How the descriptors of this process are shared out: what the daemon needs comes before
// connections.
#pragma once

#include <cstddef>

#include "daemon/platform/failure.h"

namespace postern::platform {

/// As many as this process may have.
std::size_t descriptor_limit();

/// Of `limit`, for the journal's tables.
std::size_t table_descriptors(std::size_t limit);

/// A connection has a descriptor below this, or is closed; above, there is room for the daemon.
/// Fails if a daemon could not run with so few.
Expected<std::size_t> connection_descriptors_end(std::size_t limit);

}  // namespace postern::platform
