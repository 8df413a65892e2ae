#include "daemon/platform/socket_path.h"

#include <sys/un.h>

namespace postern::platform {

namespace {

/// A NUL ends it.
constexpr std::size_t path_bytes_max = sizeof sockaddr_un{}.sun_path - 1;

std::unexpected<Failure> refused(const std::filesystem::path& path, const std::string& what,
                                 const std::string& remedy) {
  return std::unexpected(Failure{FailureKind::configuration,
                                 "the ipc path " + printable(path.native(), 200) + " " + what,
                                 remedy});
}

}  // namespace

Expected<> check_socket_path(const std::filesystem::path& path) {
  if (!path.is_absolute()) return refused(path, "is not absolute", "begin it with /");
  const std::size_t size = path.native().size();
  if (size > path_bytes_max)
    return refused(path,
                   "has " + std::to_string(size) + " bytes; a unix socket's path may have " +
                       std::to_string(path_bytes_max),
                   "put the sockets into a folder with a shorter path");
  return {};
}

}  // namespace postern::platform
