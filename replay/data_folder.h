// A stopped daemon's data folder, or a copy of it, read without changing a byte.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "daemon/domain/fold.h"
#include "daemon/journal/leveldb_journal.h"
#include "daemon/platform/folder_lock.h"
#include "replay/progress.h"

namespace postern::replay {

/// A record that was read and folded.
struct Step {
  const schema::Record& record;
  /// As of this record.
  const domain::State& state;
  const domain::Changes& changes;
};

/// What is wanted of the rest of a journal.
enum class Rest { fold, read, leave };

/// Keeps a daemon from starting on the folder while it lives. One thread.
class DataFolder {
 public:
  /// Fails with `missing`, `in_use`, `not_permitted`, or `configuration` (a newer version's).
  static Expected<DataFolder> open(std::filesystem::path path);

  std::filesystem::path keys() const { return path_ / "keys"; }

  /// The newest record the anchor names; nothing if no anchor can be read.
  std::optional<std::uint64_t> anchored_seq() const;

  /// Reads records in order and checks all that the daemon checks when it starts: every byte, seqs
  /// without a gap, the tree against the anchor; and of those that are folded, the links. `on_step`
  /// sees each folded one, and says what is wanted of those behind it. Gives the head; nothing if
  /// the rest was left. Fails with `damaged`, naming what is; then `state` is as of the last good
  /// record. `on_whole` sees the journal once all of it was read.
  Expected<std::optional<journal::Head>> read(
      domain::State& state, Progress& progress, const std::function<Rest(const Step&)>& on_step,
      const std::function<void(const journal::Journal&)>& on_whole = {}) const;

 private:
  DataFolder(std::filesystem::path path, platform::FolderLock lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  platform::FolderLock lock_;
};

}  // namespace postern::replay
