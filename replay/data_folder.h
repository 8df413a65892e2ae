// A stopped daemon's data folder, a copy of it, a bundle or an extract (H7), read without changing
// a byte.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "daemon/data/snapshot.h"
#include "daemon/domain/fold.h"
#include "daemon/journal/bundle.h"
#include "daemon/journal/extract.h"
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

/// A record that cannot be folded.
Failure unfit(const domain::Unfit& why, std::uint64_t seq);

/// What is wanted of the rest of a journal.
enum class Rest { fold, read, leave };

/// Keeps a daemon from starting on the folder while it lives. One thread.
class DataFolder {
 public:
  /// Fails with `missing`, `in_use`, `not_permitted`, or `configuration` (a newer version's).
  static Expected<DataFolder> open(std::filesystem::path path);

  /// A bundle or an extract in a file; it is read when `read` is called.
  static DataFolder open_bundle(std::filesystem::path file) {
    return DataFolder(std::move(file), std::nullopt);
  }

  bool is_bundle() const { return !lock_; }

  /// What the bundle's file says it holds of the journal; nothing: all of it, or this is no bundle.
  Expected<std::optional<journal::ExtractHead>> extract_head() const;

  /// Of a bundle alone.
  std::filesystem::path file() const { return is_bundle() ? path_ : ""; }
  /// Empty for a bundle.
  std::filesystem::path path() const { return is_bundle() ? "" : path_; }
  /// Empty for a bundle, which has none.
  std::filesystem::path keys() const { return is_bundle() ? "" : path_ / "keys"; }

  /// The newest record the anchor names; nothing if no anchor can be read, or of a bundle.
  std::optional<std::uint64_t> anchored_seq() const;

  struct Proved {
    /// Of an extract: of the whole that it is of.
    journal::Head head;
    /// For looking up single records; it appends nothing. Null of an extract.
    std::unique_ptr<journal::Journal> journal;
    std::optional<journal::Extract> extract;
    /// Of a bundle: its own checkpoint, in words too, and what it was verified with.
    std::optional<journal::Checkpoint> checkpoint;
    std::string note;
    std::string verifier_key;

    /// The one up to which the records tell.
    std::uint64_t last_seq() const;
    /// A failure of kind `missing` if it is not among them.
    Expected<journal::Bytes> record(std::uint64_t seq) const;
  };

  /// Whether a snapshot as of this record, made at this time, may be begun with.
  using Reaches = std::function<bool(std::uint64_t seq, std::int64_t time_ns)>;

  struct Reading {
    /// Sees each folded record, and says what is wanted of those behind it.
    std::function<Rest(const Step&)> on_step;
    /// Whether a record is folded: once one is not, none behind it is. Sees all of them, those that
    /// are not folded too; absent: all are.
    std::function<bool(const schema::Record&)> is_wanted = {};
    /// Sees the journal once all of it was read.
    std::function<void(const journal::Journal&)> on_whole = {};
    /// A state that stands for the first records: `state` is it, and they are not read. Null: none.
    const data::SnapshotHead* known = nullptr;
    /// False: of users a step tells only those whose name or status changed, of tenants new ones;
    /// which is faster.
    bool tells_all = false;
    /// An extract is read too, if it begins with the first record; else it fails with `usage`.
    bool takes_extract = false;
  };

  /// The newest snapshot in the folder that `reaches` takes, which this installation signed, as its
  /// keys beside it tell, and this build can read. Null: there is none.
  std::unique_ptr<data::Snapshot> snapshot(const Reaches& reaches, std::ostream& talk) const;

  /// Reads records in order and checks all that the daemon checks when it starts: every byte, seqs
  /// without a gap, the tree against the anchor, or against a bundle's checkpoint; and of those
  /// that are folded, the links. Of an extract: every proof, and what its tenant's state is.
  /// Gives what was proved; nothing if the rest was left. Fails with `damaged`, naming what is;
  /// then `state` is as of the last good record.
  Expected<std::optional<Proved>> read(domain::State& state, Progress& progress,
                                       const Reading& reading) const;

 private:
  using Take = journal::OnRecord;

  Expected<Proved> read_journal(const Take& take, const data::SnapshotHead* head) const;
  Expected<Proved> read_bundle(const Take& take) const;
  Expected<Proved> read_extract(const Take& take) const;

  DataFolder(std::filesystem::path path, std::optional<platform::FolderLock> lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  /// Nothing for a bundle.
  std::optional<platform::FolderLock> lock_;
};

}  // namespace postern::replay
