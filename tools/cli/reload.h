// The settings of a daemon on this machine, read again.
#pragma once

#include "tools/cli/verb.h"

namespace postern::cli {

/// Of the verb `reload`: for the daemon's own user and root, who may send it a signal.
Handler reload(Options& options);

}  // namespace postern::cli
