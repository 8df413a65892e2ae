// A desired state brought about: the plan shown, sent as batches, told that it is done.
// Thread: main. Failure: `Stop`; where the file is wrong or nothing leads there, nothing was done.
#pragma once

#include "tools/cli/verb.h"
#include "tools/intake/desired_state.h"

namespace postern::cli {

/// `prune`: what it does not name is taken away.
int apply_state(Session& session, intake::DesiredState desired, bool prune);

/// The verb.
Handler apply(Options& options);

}  // namespace postern::cli
