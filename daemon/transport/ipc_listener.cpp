#include "daemon/transport/ipc_listener.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "daemon/platform/socket_path.h"
#include "daemon/platform/system_failure.h"

namespace postern::transport {

namespace {

using platform::Descriptor;
using platform::system_failure;

constexpr int ipc_backlog = 1024;

std::unexpected<Failure> cannot(const std::string& verb, const std::filesystem::path& path) {
  const int error = errno;
  return std::unexpected(system_failure(verb + " " + printable(path.native(), 200), error));
}

std::unexpected<Failure> refused(FailureKind kind, const std::filesystem::path& path,
                                 const std::string& what, const std::string& remedy) {
  return std::unexpected(
      Failure{kind, "the ipc path " + printable(path.native(), 200) + " " + what, remedy});
}

Expected<sockaddr_un> address_of(const std::filesystem::path& path) {
  if (auto fits = platform::check_socket_path(path); !fits) return std::unexpected(fits.error());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::ranges::copy(path.native(), address.sun_path);
  return address;
}

Expected<Descriptor> open_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return cannot("make folder", folder);
  Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.valid() && errno == ENOTDIR)
    return refused(FailureKind::cannot_create, folder, "is no folder",
                   "move it away; it is made anew");
  struct stat about {};
  if (!opened.valid() || ::fstat(opened.number(), &about) != 0)
    return cannot("open folder", folder);
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return refused(FailureKind::configuration, folder, "is a folder that others may write to",
                   "chmod 700 it, or name another");
  return opened;
}

Expected<Descriptor> open_unix_socket() {
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return std::unexpected(system_failure("open a unix socket", errno));
  return socket;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// Removes a socket that nobody listens to. `path` is where `bind` found something.
Expected<> remove_if_stale(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) return cannot("look at", path);
  if (!S_ISSOCK(about.st_mode))
    return refused(FailureKind::cannot_create, path, "holds something that is no socket",
                   "move it away, or name another path");
  const auto probe = open_unix_socket();
  if (!probe) return std::unexpected(probe.error());
  if (::connect(probe->number(), generic(address), sizeof address) == 0 || errno != ECONNREFUSED)
    return refused(FailureKind::in_use, path, "is in use by another process",
                   "stop that process, or name another path");
  if (::unlink(path.c_str()) != 0) return cannot("remove the stale socket", path);
  return {};
}

Expected<> bind_to(const Descriptor& socket, const std::filesystem::path& path,
                   const sockaddr_un& address) {
  if (::bind(socket.number(), generic(address), sizeof address) == 0) return {};
  if (errno != EADDRINUSE) return cannot("bind", path);
  if (auto removed = remove_if_stale(path, address); !removed) return removed;
  if (::bind(socket.number(), generic(address), sizeof address) != 0) return cannot("bind", path);
  return {};
}

}  // namespace

IpcListener::IpcListener(std::filesystem::path path, Descriptor socket)
    : path_(std::move(path)), socket_(std::move(socket)) {}

IpcListener::IpcListener(IpcListener&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      socket_(std::move(other.socket_)),
      device_(other.device_),
      inode_(other.inode_) {}

IpcListener::~IpcListener() {
  struct stat about {};
  if (path_.empty() || ::lstat(path_.c_str(), &about) != 0) return;
  if (about.st_dev == device_ && about.st_ino == inode_) ::unlink(path_.c_str());
}

Expected<IpcListener> IpcListener::listen(const std::filesystem::path& path) {
  const auto address = address_of(path);
  if (!address) return std::unexpected(address.error());
  const auto folder = open_folder(path.parent_path());
  if (!folder) return std::unexpected(folder.error());
  // Between bind and listen our own socket looks stale to a second daemon that starts now.
  if (::flock(folder->number(), LOCK_EX) != 0) return cannot("lock folder", path.parent_path());

  auto socket = open_unix_socket();
  if (!socket) return std::unexpected(socket.error());
  if (auto bound = bind_to(*socket, path, *address); !bound) return std::unexpected(bound.error());
  IpcListener listener(path, *std::move(socket));
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) return cannot("look at", path);
  listener.device_ = about.st_dev;
  listener.inode_ = about.st_ino;
  // Before `listen`, nobody can have connected.
  if (::chmod(path.c_str(), 0600) != 0) return cannot("close to others", path);
  if (::listen(listener.descriptor(), ipc_backlog) != 0) return cannot("listen on", path);
  return listener;
}

}  // namespace postern::transport
