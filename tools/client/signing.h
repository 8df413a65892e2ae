// An operator's signature on a command message (O4). The only place of the client that knows
// Ed25519. Functions without state, for any thread.
#pragma once

#include <span>

#include "tools/client/client.h"

namespace postern::client {

/// Fills the signature field of a serialized command message, which has room for it.
void sign(std::span<std::uint8_t> message, const Key& seed);

}  // namespace postern::client
