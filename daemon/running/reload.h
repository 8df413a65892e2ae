// The settings read again while the daemon runs: what changed, and who hears of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "daemon/config.h"

namespace postern::running {

/// What came of one reading; all that changed was taken, or nothing.
struct Reloading {
  std::vector<SettingChange> changed;
  std::vector<SettingChange> need_restart;
  /// Then the others are empty.
  std::optional<Failure> refused;
};

/// What differs, in its two kinds.
Reloading reloading_of(const Config& running, const Config& read);

/// For `postern reload`, which waits for a `number` that is greater than it knows: TOML.
Expected<> tell_reloading(const std::filesystem::path& file, std::uint64_t number,
                          const Reloading& reloading);

}  // namespace postern::running
