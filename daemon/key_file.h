// An operator's key pair in a file, as the command line reads and writes it: two lines of TOML, for
// its owner's eyes alone. Functions without state.
#pragma once

#include <filesystem>

#include "daemon/credential/key_store.h"
#include "daemon/platform/failure.h"
#include "daemon/transport/curve.h"

namespace postern {

Expected<> write_key_file(const std::filesystem::path& file, const transport::CurveKeyPair& pair);

/// The secret half; to be wiped. Fails with `usage` if the file holds none.
Expected<credential::Key> read_secret_key(const std::filesystem::path& file);

}  // namespace postern
