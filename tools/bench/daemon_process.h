// A posternd of the bench's own, on a fresh data folder and free ports.
// Thread: main's. Failure: Trouble, with what the daemon said.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/bench/process.h"
#include "tools/bench/wire.h"

namespace postern::bench {

enum class DoorKind { ipc, curve };

class DaemonProcess {
 public:
  struct Options {
    std::filesystem::path program;
    std::filesystem::path folder;
    /// Argon2id at its smallest cost, for populations that would take hours to hash.
    bool cheap_passwords = false;
    /// The data folder is there.
    bool is_made = false;
    /// Program and arguments that the daemon is started by; empty: by itself.
    std::vector<std::string> launcher = {};
  };

  /// Makes the data folder, unless it is there; starts nothing.
  explicit DaemonProcess(Options options);

  /// Seconds from exec to READY.
  double start();
  /// Fails unless it ended well.
  void stop();
  /// The next start reads the whole journal.
  void forget_snapshots() const;

  /// `socket`: "commands", "queries" or "history".
  Door door(const std::string& socket, DoorKind kind) const;
  pid_t pid() const { return child_->pid(); }
  /// Resident anonymous memory.
  std::uint64_t anonymous_bytes() const;
  std::filesystem::path data() const { return options_.folder / "d"; }

 private:
  [[noreturn]] void fail_with_output(const std::string& sentence) const;
  void write_config() const;
  void read_addresses();
  bool wait_until_ready(int socket);
  std::filesystem::path output() const { return options_.folder / "output"; }

  Options options_;
  std::optional<Child> child_;
  /// What the daemon's `addresses` and `owner.key` say.
  std::map<std::string, std::string> facts_;
};

}  // namespace postern::bench
