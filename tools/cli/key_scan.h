// `key scan`: API keys that lie where they should not, whose they are, and their end.
#pragma once

#include "tools/cli/verb.h"

namespace postern::cli {

Handler scan_keys(Options& options);

}  // namespace postern::cli
