// A state made again from its canonical bytes, as folding the journal up to the same record makes
// it: what a snapshot is read with.
// Thread: any. Failure: a sentence. Limits: memory grows with the bytes that are there.
#pragma once

#include <expected>
#include <string>

#include "daemon/domain/canonical.h"
#include "daemon/domain/state.h"

namespace postern::domain {

/// Total: whatever the bytes are, it gives a state that writes these very bytes, or says why there
/// is none. `place` is where the journal stood.
std::expected<State, std::string> read_canonical(const Source& source, const JournalPlace& place);

}  // namespace postern::domain
