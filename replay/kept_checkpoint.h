// A checkpoint that somebody kept, as an auditor brings it.
#pragma once

#include "daemon/journal/checkpoint.h"
#include "replay/verbs.h"

namespace postern::replay {

/// Signed by the key that is named, or by the one the file begins with. Kinds: `usage` if either is
/// missing, `damaged` if it is not signed so, and what reading a file fails with.
Expected<journal::Checkpoint> read_kept_checkpoint(const VerifyOptions& options);

/// KEY|FILE as the key's line; `usage` where it is neither.
Expected<std::string> verifier_key_of(const std::string& given);

}  // namespace postern::replay
