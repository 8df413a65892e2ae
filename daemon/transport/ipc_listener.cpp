#include "daemon/transport/ipc_listener.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

/// Its number; absent: no group is named.
Expected<std::optional<gid_t>> find_group(const std::string& name) {
  if (name.empty()) return std::nullopt;
  constexpr std::size_t entry_bytes_max = 65'536;
  std::vector<char> buffer(entry_bytes_max);
  group entry{};
  group* found = nullptr;
  const int error = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found != nullptr) return entry.gr_gid;
  if (error != 0)
    return std::unexpected(system_failure("look up the group " + printable(name), error));
  return std::unexpected(Failure{
      FailureKind::configuration, "there is no group " + printable(name) + " for the ipc sockets",
      "Make it (groupadd " + printable(name) + "), or name another by sockets.ipc_group."});
}

Expected<> give_to_group(const std::filesystem::path& path, std::optional<gid_t> group,
                         const IpcAccess& access) {
  struct stat about {};
  if (!group || (::lstat(path.c_str(), &about) == 0 && about.st_gid == *group)) return {};
  if (::chown(path.c_str(), static_cast<uid_t>(-1), *group) == 0) return {};
  if (errno != EPERM) return cannot("give to group " + printable(access.group), path);
  return std::unexpected(
      Failure{FailureKind::not_permitted,
              "the ipc path " + printable(path.native(), 200) +
                  " cannot be given to a group that the daemon's user is not in: " +
                  printable(access.group),
              "Put the user into it (usermod -a -G " + printable(access.group) +
                  " USER; in a unit: SupplementaryGroups=" + printable(access.group) +
                  ", and SystemCallFilter=@chown if others are filtered)."});
}

/// Made for those alone who may connect.
Expected<> make_folder(const std::filesystem::path& folder, std::optional<gid_t> group,
                       const IpcAccess& access) {
  if (::mkdir(folder.c_str(), 0700) != 0) {
    const int error = errno;
    if (error == EEXIST) return {};
    Failure failure = system_failure("make folder " + printable(folder.native(), 200), error);
    if (failure.kind == FailureKind::not_permitted)
      failure.remedy =
          "Make it before the start, for the daemon's user; in a unit under /run: "
          "RuntimeDirectory= with its name.";
    return std::unexpected(std::move(failure));
  }
  if (auto given = give_to_group(folder, group, access); !given) return given;
  const mode_t mode = access.mode == 0600 ? 0700 : access.mode == 0660 ? 0750 : 0755;
  if (::chmod(folder.c_str(), mode) != 0) return cannot("open to those who may connect", folder);
  return {};
}

/// A folder that is there may keep out whom the socket lets in.
Expected<> check_lets_in(const std::filesystem::path& folder, const struct stat& about,
                         std::optional<gid_t> group, const IpcAccess& access) {
  if (access.mode == 0600 || (about.st_mode & S_IXOTH) != 0) return {};
  const bool group_alone = access.mode == 0660;
  const gid_t wanted = group.value_or(::getegid());
  if (group_alone && (about.st_mode & S_IXGRP) != 0 && about.st_gid == wanted) return {};
  return refused(FailureKind::configuration, folder,
                 "is a folder that keeps out whom sockets.ipc_mode lets in",
                 group_alone
                     ? "Give it to their group and let that in: chgrp " + std::to_string(wanted) +
                           " and chmod 0750 it; in a unit, whose "
                           "RuntimeDirectory= is made anew at each start: "
                           "RuntimeDirectoryMode=0755"
                     : "Let them in: chmod 0755 it; in a unit: RuntimeDirectoryMode=0755");
}

Expected<Descriptor> open_folder(const std::filesystem::path& folder, std::optional<gid_t> group,
                                 const IpcAccess& access) {
  if (auto made = make_folder(folder, group, access); !made) return std::unexpected(made.error());
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
  if (auto lets_in = check_lets_in(folder, about, group, access); !lets_in)
    return std::unexpected(lets_in.error());
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

Expected<IpcListener> IpcListener::listen(const std::filesystem::path& path,
                                          const IpcAccess& access) {
  const auto address = address_of(path);
  if (!address) return std::unexpected(address.error());
  const auto group = find_group(access.group);
  if (!group) return std::unexpected(group.error());
  const auto folder = open_folder(path.parent_path(), *group, access);
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
  // Before `listen`, nobody can have connected; the group comes before its right.
  if (auto given = give_to_group(path, *group, access); !given)
    return std::unexpected(given.error());
  if (::chmod(path.c_str(), access.mode) != 0) return cannot("set the mode of", path);
  if (::listen(listener.descriptor(), ipc_backlog) != 0) return cannot("listen on", path);
  return listener;
}

}  // namespace postern::transport
