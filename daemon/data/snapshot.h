// Snapshots: the state at one record, so that a start need not fold what came before it. A cache:
// whatever is wrong with one, it is passed over and the journal is read (law 4).
// Thread: one. A second one hashes and writes beside it; as many read as there are processors.
// Memory: some hundred KiB for each, beside what is made. Sealed data lies in it as in the journal,
// useless without its keys (U11).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/credential/key_store.h"
#include "daemon/credential/signature.h"
#include "daemon/domain/digest.h"
#include "daemon/domain/past_index.h"
#include "daemon/domain/state.h"
#include "daemon/journal/journal.h"

namespace postern::data {

/// Signs checkpoints, and snapshots for a purpose of its own.
inline constexpr auto snapshot_key = credential::OwnKey::checkpoint_signing;

/// This program's version, and a sum over the rules it folds by.
std::string folding_program();

/// Beside the state, what a start needs to go on from a record.
struct SnapshotHead {
  /// What wrote it, as folding_program: nothing else reads it, as it may fold otherwise.
  std::string program;
  schema::Uuid installation;
  journal::Head journal;
  /// As journal::blocks_before gives them.
  std::vector<journal::Hash> blocks;
  domain::JournalPlace place;
  /// When every byte of the journal was last read.
  std::int64_t read_whole_ns = 0;
  /// K1; see CommandIds::since_ms.
  std::int64_t ids_since_ms = 0;
  /// Q9.
  domain::PastNotes past = {};
};

/// K1: which record an operator's command became.
struct RememberedId {
  schema::Uuid operator_id;
  schema::Uuid id;
  std::uint64_t seq = 0;
};

struct Snapshot {
  SnapshotHead head;
  std::vector<RememberedId> ids;
  domain::State state;
};

/// Those in the folder, the newest first.
std::vector<std::filesystem::path> snapshots_in(const std::filesystem::path& folder);

/// Fails unless it is whole, was signed with this key and written by this program.
Expected<Snapshot> read_snapshot(const std::filesystem::path& file, const std::string& program,
                                 const credential::SigningPublicKey& signer);

/// What its head says, whichever version wrote it. Fails unless it was signed with this key;
/// without one the seal is not looked at. Its body is not read.
Expected<SnapshotHead> read_snapshot_head(
    const std::filesystem::path& file, const std::optional<credential::SigningPublicKey>& signer);

struct SnapshotWriting {
  /// Made if it is not there.
  std::filesystem::path folder;
  /// A secret.
  const credential::Key& signing_key;
  /// Asked before each piece; a failure gives up.
  std::function<Expected<>()> may_go_on;
};

/// What goes into one.
struct SnapshotContents {
  SnapshotHead head;
  /// At the head's record.
  domain::EntryList entries;
  /// Shows all that were remembered then, once, until it is told false.
  using ShowId = std::function<bool(const RememberedId&)>;
  std::function<Expected<>(const ShowId& show)> each_id;
};

/// Of one that was written.
struct SnapshotWritten {
  std::uint64_t bytes = 0;
};

/// On disk under its name when it returns; then the others, and what crashes left, are removed.
/// What fails leaves the others as they are.
Expected<SnapshotWritten> write_snapshot(const SnapshotWriting& writing, SnapshotContents contents);

/// What a crash left of one in the making.
void remove_unfinished_snapshots(const std::filesystem::path& folder);

}  // namespace postern::data
