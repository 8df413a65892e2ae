// Which paths a unix socket can have.
#pragma once

#include <filesystem>

#include "daemon/platform/failure.h"

namespace postern::platform {

/// Fails with `configuration` if it is not absolute, or longer than the system's addresses hold.
Expected<> check_socket_path(const std::filesystem::path& path);

}  // namespace postern::platform
