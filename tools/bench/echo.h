// The floor under everything that is asked over a socket: a bare ROUTER that answers each message
// with as many bytes as the daemon's answer has, in a process of its own with two I/O threads.
// Thread: main's. Lifetime: the process ends with its EchoProcess.
#pragma once

#include <filesystem>

#include "tools/bench/daemon_process.h"
#include "tools/bench/process.h"
#include "tools/bench/wire.h"

namespace postern::bench {

/// Starts this program again, as an echo of `answer_bytes` bytes.
class EchoProcess {
 public:
  EchoProcess(const std::filesystem::path& folder, std::size_t answer_bytes);

  const Door& door(DoorKind kind) const { return kind == DoorKind::ipc ? ipc_ : curve_; }
  std::size_t answer_bytes() const { return answer_bytes_; }
  pid_t pid() const { return child_->pid(); }

 private:
  std::size_t answer_bytes_;
  Door ipc_;
  Door curve_;
  std::optional<Child> child_;
};

/// Each answer begins with its question's bytes and has the right length.
void check_echoes(const Messages& messages, std::size_t answer_bytes, const Run& run);

/// What the started program does: `postern-bench --echo FOLDER BYTES`. Never returns.
[[noreturn]] void serve_echo(const std::filesystem::path& folder, std::size_t answer_bytes);

}  // namespace postern::bench
