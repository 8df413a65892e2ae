// A checkpoint that somebody kept, as an auditor brings it.
#pragma once

#include "daemon/journal/checkpoint.h"
#include "replay/verbs.h"

namespace postern::replay {

/// Signed by the key that is named, or by the one the file begins with. Kinds: `usage` if either is
/// missing, `damaged` if it is not signed so, and what reading a file fails with.
Expected<journal::Checkpoint> read_kept_checkpoint(const VerifyOptions& options);

}  // namespace postern::replay
