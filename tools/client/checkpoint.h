// Proofs that the daemon cannot talk away (H6): reading checkpoints and checking that one tree
// extends another (RFC 6962). Written apart from the daemon's own code, on libcrypto alone, so that
// a mistake there is not repeated here.
// Thread: any; functions without state.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tools/client/client.h"

namespace postern::client {

/// `hashes`: 32 bytes each, as ProofPage has them. False too if `from` is empty or the larger one.
bool proves_consistency(std::span<const std::uint8_t> hashes, const Checkpoint& from,
                        const Checkpoint& to);

}  // namespace postern::client
