// What expires soon, as a list of its own and beneath the status.
#pragma once

#include "tools/cli/verb.h"

namespace postern::cli {

class Session;

Handler expiring(Options& options);

/// The first of them, with how many there are; nothing where nothing expires, or no answer comes
/// within a second. Says why where an operator may not ask, or the daemon is too old to know.
void write_expiring_soon(Session& session);

}  // namespace postern::cli
