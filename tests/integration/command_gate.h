// Between a program and the daemon's socket for commands: so many of its messages pass, and so many
// of the receipts to them, dry runs apart. What comes then is held back for ever, so that the
// program stands in the midst of its work until it is ended.
// Thread: one of its own. Lifetime: the daemon's, at most. Limits: one program, started after it.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "tests/support/daemon_process.h"

namespace postern::support {

class CommandGate {
 public:
  struct Passing {
    int commands;
    int receipts;
  };

  CommandGate(const DaemonProcess& daemon, Passing passing);
  ~CommandGate();
  CommandGate(const CommandGate&) = delete;
  CommandGate& operator=(const CommandGate&) = delete;

  /// What the program is given with `--endpoint`; questions and history go to the daemon itself.
  std::string endpoint() const { return "ipc://" + folder_.path().string(); }
  /// The daemon has answered every command that passes.
  bool has_answered() const { return answered_ == passing_.commands; }

 private:
  void pass();

  const Passing passing_;
  TemporaryFolder folder_;
  void* context_;
  void* front_;
  void* back_;
  std::atomic<int> answered_ = 0;
  std::thread thread_;
};

}  // namespace postern::support
