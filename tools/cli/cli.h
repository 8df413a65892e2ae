// The `postern` command line: arguments in, words and an exit code out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/cli/session.h"

namespace postern::cli {

/// As the first argument: completions are asked for, not a command; no help shows it.
inline constexpr std::string_view completion_word = "--complete";

/// `arguments` without the program's name. No exception comes out; a bug ends with 70.
int run(const std::vector<std::string>& arguments, Streams streams);

}  // namespace postern::cli
