// The server's CURVE key changed in two steps, so that clients can be told in between: an offline
// command.
#pragma once

#include <filesystem>

#include "daemon/data/server_keys.h"

namespace postern::offline {

/// `plan` makes the next key, which the running daemon then tells, and which stays the same when
/// asked again; `take` makes it the present one. The daemon must be stopped. Gives the keys as they
/// are then. Kinds: `missing`, `in_use`, `usage` if there is none to take, and what opening the key
/// store fails with.
Expected<data::ServerKeys> rotate_server_key(const std::filesystem::path& folder,
                                             credential::KeyStore::ServerKeyStep step,
                                             platform::Entropy& entropy);

}  // namespace postern::offline
