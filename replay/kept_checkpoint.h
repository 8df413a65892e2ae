// A checkpoint that somebody kept, as an auditor brings it.
#pragma once

#include "daemon/journal/checkpoint.h"
#include "replay/verbs.h"

namespace postern::replay {

/// The verifier key that posternd prints, or the one that a file begins with; `usage` if it is
/// neither.
Expected<journal::Verifier> named_verifier(const std::string& key_or_file);

/// Signed by the key that is named, or by the one the file begins with. Kinds: `usage` if either is
/// missing, `damaged` if it is not signed so, and what reading a file fails with.
Expected<journal::Checkpoint> read_kept_checkpoint(const VerifyOptions& options);

}  // namespace postern::replay
