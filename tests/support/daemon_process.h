// The real daemon in a process of its own, on a data folder of its own.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"
#include "tools/client/client.h"

namespace postern::support {

/// How a program ended, and what it said.
struct Ended {
  /// Exit code; 128 + signal if one ended it.
  int code = 0;
  /// It left an image of its memory.
  bool dumped_core = false;
  std::string said;
  /// The most memory that it had at once; 0: not measured.
  std::size_t peak_bytes = 0;
};

/// A user of this machine that nobody is, for what one who is not root may do.
inline constexpr unsigned other_user = 4'711;

/// Runs a program to its end; as another user, if this one is root.
Ended run_program(const std::vector<std::string>& arguments);
Ended run_program_as(unsigned user, const std::vector<std::string>& arguments);

/// A program that runs, with every signal blocked as it finds them.
class RunningProgram {
 public:
  explicit RunningProgram(const std::vector<std::string>& arguments);
  pid_t process() const { return process_; }
  /// Until its end. Once.
  Ended wait() const;

 private:
  TemporaryFolder folder_;
  pid_t process_ = -1;
};

/// A started daemon is killed by the destructor; the folder goes with the object.
class DaemonProcess {
 public:
  /// Makes a data folder; `settings` is TOML beside the smallest hashing cost.
  explicit DaemonProcess(std::string settings = {});
  ~DaemonProcess();

  /// Starts and waits for its own word that it is ready; false if it ended instead (see `ended`).
  bool start(std::vector<std::string> more_arguments = {});
  /// The next word to its service manager, which this is (sd_notify).
  std::string next_word() const;
  /// Starts without waiting.
  void launch(std::vector<std::string> more_arguments = {});
  /// Waits for the word of a launched one; false if it ended instead.
  bool wait_until_ready();

  /// SIGTERM, and waits for the end.
  Ended stop();
  /// Waits until it ends by itself.
  Ended wait_for_end();
  /// SIGKILL, as a crash of the process.
  void kill();
  bool running() const { return process_ > 0; }
  pid_t process() const { return process_; }
  const Ended& ended() const { return ended_; }

  const std::filesystem::path& data() const { return data_; }
  std::string settings_file() const { return folder_.path() / "settings.toml"; }
  int port_base() const { return port_base_; }
  /// Done by each process that is started from now on, before it becomes the daemon.
  void before_start(std::function<void()> doing) { before_start_ = std::move(doing); }
  void use_port_base(int base) { port_base_ = base; }
  /// Who the daemon runs as from now on, and whose the data are; needs root.
  void use_user(unsigned user);
  /// What the daemon finds blocked; a signal for it does not end what is not the daemon yet.
  void block_signals() { blocks_signals_ = true; }
  /// Another folder than the one that was made.
  void use_data(std::filesystem::path folder) { data_ = std::move(folder); }

  /// Over ipc as this system user: the owner.
  client::Client owner() const;
  client::Options owner_options() const;
  /// Over tcp with CURVE.
  client::Options tcp_options(const client::KeyPair& keys) const;
  client::KeyPair owner_keys() const;
  std::string ipc(const std::string& name) const {
    return "ipc://" + (data_ / "sockets" / name).string();
  }

 private:
  void reap();

  TemporaryFolder folder_;
  std::filesystem::path data_;
  int port_base_ = 0;
  pid_t process_ = -1;
  int notify_ = -1;
  std::function<void()> before_start_ = [] {};
  unsigned user_ = 0;
  bool blocks_signals_ = false;
  Ended ended_;
};

}  // namespace postern::support
