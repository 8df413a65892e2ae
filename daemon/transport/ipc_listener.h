// The listening unix socket behind an ipc address. libzmq would unlink whatever lies at the path,
// in use or not, and leave it open to others; so it is made here and handed over (ZMQ_USE_FD).
// Private to this folder.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "daemon/platform/descriptor.h"
#include "daemon/platform/failure.h"

namespace postern::transport {

/// Who may connect.
struct IpcAccess {
  /// The socket's group; empty: the process's own.
  std::string group = {};
  /// The socket's mode: 0600, or 0660 or 0666, and then the folder is to let them in too.
  mode_t mode = 0600;
};

/// Listens from `listen` on; the file goes with this object, if it is still the one that was made.
/// The folder is made if it is missing, for those alone who may connect; one that others may write
/// to, or that keeps out who may connect, is refused. A socket that nobody listens to any more is
/// replaced; one in use fails with `in_use`.
class IpcListener {
 public:
  static Expected<IpcListener> listen(const std::filesystem::path& path,
                                      const IpcAccess& access = {});
  IpcListener(IpcListener&& other) noexcept;
  IpcListener& operator=(IpcListener&&) = delete;
  ~IpcListener();

  int descriptor() const { return socket_.number(); }
  /// libzmq closes the descriptor from here on.
  void hand_over() { socket_.release(); }

 private:
  IpcListener(std::filesystem::path path, platform::Descriptor socket);

  std::filesystem::path path_;
  platform::Descriptor socket_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace postern::transport
