// Snapshots: the state at one record, so that a start need not fold what came before it. A cache:
// whatever is wrong with one, it is passed over and the journal is read (law 4).
// Thread: one; a second one hashes and reads or writes beside it. Memory: pieces of 1 MiB, beside
// what is made. Sealed data lies in it as in the journal, useless without its keys (U11).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/credential/signature.h"
#include "daemon/domain/command_ids.h"
#include "daemon/domain/past_index.h"
#include "daemon/domain/state.h"
#include "daemon/journal/journal.h"

namespace postern::data {

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
  struct RememberedId {
    schema::Uuid operator_id;
    schema::Uuid id;
    std::uint64_t seq = 0;
  };
  std::vector<RememberedId> ids;
  /// Q9.
  domain::PastNotes past = {};
};

struct Snapshot {
  SnapshotHead head;
  domain::State state;
};

/// Those in the folder, the newest first.
std::vector<std::filesystem::path> snapshots_in(const std::filesystem::path& folder);

/// Fails unless it is whole, was signed with this key and written by this program, and its state
/// has the digest that it tells.
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
  /// Asked before each piece; false gives up.
  std::function<bool()> has_space;
};

/// On disk under its name when it returns; then the others, and what crashes left, are removed.
/// What fails leaves the others as they are.
Expected<> write_snapshot(const SnapshotWriting& writing, const SnapshotHead& head,
                          const domain::State& state);

/// What a crash left of one in the making.
void remove_unfinished_snapshots(const std::filesystem::path& folder);

}  // namespace postern::data
