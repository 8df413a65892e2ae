// Verbs that read users: `user show` and `user list` (Q6).
#pragma once

#include "tools/cli/verb.h"

namespace postern::cli {

Handler show_user(CLI::App& command);
Handler list_users(CLI::App& command);

}  // namespace postern::cli
