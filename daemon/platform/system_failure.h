// What the operating system refused, as a Failure.
#pragma once

#include <string_view>

#include "daemon/platform/failure.h"

namespace postern::platform {

/// `attempted` says what on what ("read /etc/postern.toml"); `error` is an errno value, which
/// decides between missing, not_permitted, in_use and input_output.
Failure system_failure(std::string_view attempted, int error);

}  // namespace postern::platform
