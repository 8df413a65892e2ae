// The running daemon: every part made, every thread started, and all stopped in order.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "daemon/config.h"

namespace postern::running {

struct RunOptions {
  std::filesystem::path data;
  Config config;
  /// An operator says that the clock is right, whatever the data folder knows of the time.
  bool confirm_clock = false;
  /// Read every byte of the journal first, whatever snapshot is there.
  bool verify = false;
  /// The settings read again, for a reload.
  std::function<Expected<Config>()> read_settings;
};

/// The handbook's page of every line that the daemon may say.
std::string diagnostics_page();

/// Has the log tell what the daemon ends by, where programs read it: the journal of systemd, or
/// whoever takes lines of JSON. False: a person reads, to whom nothing was said yet.
bool tell_end(const Config& config, const Failure& why);

/// Runs until SIGTERM or SIGINT. The calling thread must be the process's only one.
Expected<> run_daemon(const RunOptions& options);

}  // namespace postern::running
