// The offline command that makes a data folder of a bundle and a copy of the keys (H7, U11).
// Failure: what is half made has no marker, so no program takes it for a data folder; it can be
// removed, and the command given again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "daemon/platform/clock.h"
#include "daemon/platform/entropy.h"
#include "daemon/platform/failure.h"

namespace postern::offline {

struct RestoreOrder {
  /// Empty, or not there yet.
  std::filesystem::path folder;
  std::filesystem::path bundle;
  std::filesystem::path keys;
  /// The recipient's key file, which opens the copy of the keys.
  std::filesystem::path identity;
  /// What the bundle must be signed with; empty: its own word, and that of the keys, is taken.
  std::string verifier_key;
  /// Told now and then how many records are written, of how many.
  std::function<void(std::uint64_t written, std::uint64_t all)> progress;
};

struct Restored {
  /// The copy's records; those behind it are missing.
  std::uint64_t copied_seq = 0;
  /// The newest record's time, UTC nanoseconds.
  std::int64_t time_ns = 0;
  std::uint64_t users = 0;
  /// U11: they stay so, whatever the copy of the keys holds.
  std::uint64_t erased = 0;
  /// Of these: after the records were copied, as the copy of the keys shows.
  std::uint64_t erased_since = 0;
  /// What checkpoints are verified with from now on.
  std::string verifier_key;
};

/// Kinds: `cannot_create`, `missing`, `damaged` (a copy that is not whole, or does not fit the
/// other), `usage`, and what the disk says.
Expected<Restored> restore(const RestoreOrder& order, const platform::Clock& clock,
                           platform::Entropy& entropy);

}  // namespace postern::offline
