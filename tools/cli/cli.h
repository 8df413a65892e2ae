// The `postern` command line: arguments in, words and an exit code out.
#pragma once

#include <vector>

#include "tools/cli/session.h"

namespace postern::cli {

/// `arguments` without the program's name. No exception comes out; a bug ends with 70.
int run(const std::vector<std::string>& arguments, Streams streams);

}  // namespace postern::cli
