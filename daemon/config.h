// The daemon's settings: a TOML file, every bound checked, unknown keys refused, all problems told
// at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/credential/password.h"
#include "daemon/journal/opening.h"
#include "daemon/platform/failure.h"

namespace postern {

struct Config {
  // [sockets]
  /// IPv4 or IPv6 address that the tcp sockets listen on.
  std::string address = "127.0.0.1";
  /// Commands, queries, history listen on the next three ports, metrics on the fifth.
  std::uint16_t port_base = 7'600;
  /// The fast door.
  bool ipc = true;
  /// The folder of its sockets, absolute; empty: `<data>/sockets`, which the daemon's user alone
  /// can enter.
  std::string ipc_path;
  /// Whose they are beside the daemon's user; empty: its own group's.
  std::string ipc_group;
  /// 0600, 0660 or 0666; but for the first, `ipc_path` is given.
  unsigned ipc_mode = 0600;
  /// Whether there is a metrics page.
  bool metrics = true;
  /// What it listens on; empty: `address`.
  std::string metrics_address;

  const std::string& page_address() const {
    return metrics_address.empty() ? address : metrics_address;
  }

  // [passwords]
  credential::PasswordCost cost;
  std::uint32_t hash_threads = 2;
  /// Password questions that wait in all; 1 to 1,000,000.
  std::uint32_t waiting_max = 16'384;
  /// C9: a refused password is answered at a multiple of this after it came; 1 to 1,000.
  std::uint32_t refusal_step_ms = 50;

  // [journal]
  journal::AnchorPolicy anchor = journal::AnchorPolicy::soon;
  std::uint32_t disk_floor_mib = 128;
  /// Held while there is space above the floor, given up below it.
  std::uint32_t disk_reserve_mib = 64;

  // [snapshots]
  /// One is written while the daemon runs when the journal has grown by so many records; 0: at the
  /// stop alone.
  std::uint32_t snapshot_every_records = 1'000'000;

  // [commands]
  std::uint32_t id_window_hours = 24;
  /// Messages made durable together; 1 to 10,000.
  std::uint32_t group_max = 1'000;

  // [calls]
  /// L1: what recorded calls may take in all; at least two files.
  std::uint32_t ring_mib = 256;
  std::uint32_t file_mib = 16;

  // [networks]
  /// N3: a provider's ranges imported longer ago are warned of; 8 to 3,650.
  std::uint32_t ranges_days_max = 30;

  // [log]
  std::string level = "info";
  /// One line of JSON for each; else of text.
  bool log_json = false;
};

/// Reads TOML text; `name` says in failures where it came from. Kind `configuration`, one line for
/// each problem.
Expected<Config> parse_config(std::string_view text, std::string_view name);

/// In quotes, as TOML has it; without control characters.
std::string toml_text(std::string_view text);

/// All settings as TOML that is read again as they are; what was not given has no line.
std::string settings_text(const Config& config);

struct SettingChange {
  /// "log.level", and its value as TOML.
  std::string name;
  std::string value;
  /// It can change while the daemon runs; else a restart takes it.
  bool while_running = false;
};

std::vector<SettingChange> changes_between(const Config& running, const Config& read);

/// Takes over what can change while the daemon runs.
void take_while_running(const Config& read, Config& running);

/// Reads a file. Kinds `missing`, `not_permitted` and those of `parse_config`.
Expected<Config> read_config(const std::filesystem::path& file);

}  // namespace postern
