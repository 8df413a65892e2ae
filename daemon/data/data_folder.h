// The data folder: what lies where, how it is made, and how it is opened and checked before
// anything may use it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/credential/key_store.h"
#include "daemon/domain/command_ids.h"
#include "daemon/domain/fold.h"
#include "daemon/domain/past_index.h"
#include "daemon/domain/state.h"
#include "daemon/journal/checkpoint_keeper.h"
#include "daemon/journal/opening.h"
#include "daemon/platform/clock.h"
#include "daemon/platform/entropy.h"
#include "daemon/platform/folder_lock.h"
#include "daemon/platform/reserve.h"

namespace postern::data {

/// The sockets in `sockets/`.
inline constexpr const char* socket_names[] = {"commands", "queries", "history"};

/// Places inside a data folder.
struct DataPaths {
  explicit DataPaths(std::filesystem::path folder) : root(std::move(folder)) {}

  std::filesystem::path root;
  std::filesystem::path journal() const { return root / "journal"; }
  std::filesystem::path keys() const { return root / "keys"; }
  /// L1: the ring of recorded calls; no state, may be deleted while the daemon is stopped.
  std::filesystem::path calls() const { return root / "calls"; }
  std::filesystem::path sockets() const { return root / "sockets"; }
  /// The newest checkpoint that was signed (H6).
  std::filesystem::path checkpoint() const { return root / "checkpoint"; }
  /// What the daemon last noted of its clock.
  std::filesystem::path clock() const { return root / "clock"; }
  /// The server's public CURVE key, for clients.
  std::filesystem::path server_key() const { return root / "server.key"; }
  /// The first owner's secret, unless it was sent elsewhere. The daemon never reads it.
  std::filesystem::path owner_key() const { return root / "owner.key"; }
  /// Space for a disk that runs full.
  std::filesystem::path reserve() const { return root / "reserve"; }
  /// Caches for the next start, which may be deleted; see snapshot.h.
  std::filesystem::path snapshots() const { return root / "snapshots"; }
  /// Where a running daemon listens, for the command line; there while it runs.
  std::filesystem::path addresses() const { return root / "addresses"; }
  /// What came of the settings being read again; there once they were.
  std::filesystem::path reloaded() const { return root / "reloaded"; }
};

/// A fresh UUIDv7.
schema::Uuid fresh_id(const platform::Clock& clock, platform::Entropy& entropy);

/// An empty one where there is none, open.
Expected<std::unique_ptr<journal::Journal>> make_journal(const DataPaths& paths);

/// `what` ("the journal") cannot be folded at a record; `remedy` where a newer program would not
/// help.
Failure unfit(std::string_view what, std::uint64_t seq, const domain::Unfit& why,
              std::string remedy);

/// `missing` read as `damaged`: of a folder whose marker is there.
Failure lacking(Failure failure);

/// Every user's key must be there and be the one its first event committed to; of those that are
/// erased none may be, and what is there is destroyed (U11).
Expected<> confirm_keys(const domain::State& state, credential::KeyStore& keys);

struct NewFolder {
  std::filesystem::path folder;
  /// Where the first owner's secret goes; empty: into the folder.
  std::filesystem::path owner_key;
  /// The system user that the first owner's ipc connections come from.
  std::uint32_t owner_uid = 0;
};

/// Makes keys, journal and the first owner, or nothing (`FolderMaking`). Fails with `cannot_create`
/// if the folder holds anything, or the file for the owner's secret is there.
Expected<> make_data_folder(const NewFolder& wanted, const platform::Clock& clock,
                            platform::Entropy& entropy);

/// All that was read from the folder, checked and ready.
struct OpenedData {
  platform::FolderLock lock;
  std::unique_ptr<credential::KeyStore> keys;
  std::unique_ptr<journal::Journal> journal;
  domain::State state;
  domain::CommandIds ids;
  schema::Uuid installation;
  platform::Reserve reserve;
  std::unique_ptr<journal::CheckpointKeeper> checkpoints;
  /// The record of the snapshot it was read from; 0: from the journal alone.
  std::uint64_t snapshot_seq = 0;
  /// When every byte of the journal was last read.
  std::int64_t read_whole_ns = 0;
  /// Q9: of the same records as the state.
  domain::PastIndex past = {};
};

struct OpenOptions {
  journal::AnchorPolicy anchor = journal::AnchorPolicy::soon;
  domain::CommandIds::Window window;
  /// With less than the floor free, the reserve is given up before anything is read.
  std::uint64_t disk_floor_bytes = 0;
  std::uint64_t disk_reserve_bytes = 0;
  /// Begin with the newest snapshot that fits; else every byte of the journal is read, and the
  /// state that comes of it is checked.
  bool from_snapshot = false;
  /// Told the seq now and then while a long journal is read.
  std::function<void(std::uint64_t seq)> progress;
  /// Told why a snapshot is passed over.
  std::function<void(const Failure& why)> passed_over;
};

/// After this long without, a start reads every byte of the journal again, so that frequent starts
/// from snapshots leave no part of it unread for longer (the scrubber begins anew with each).
inline constexpr std::int64_t read_whole_again_ns = 7 * 86'400'000'000'000;

/// Locks the folder, reads every record that no snapshot stands for, checks every key and the
/// newest checkpoint, and destroys the keys of erased users that are there (U11), after a stop or
/// because an old copy was put back. Whatever this installation signed must be in the journal:
/// snapshots and kept checkpoints too. Kinds: `missing` (no folder, or not ours), `in_use`,
/// `damaged`, `not_permitted` (open to others too, or another's), `configuration` (a newer
/// version's).
Expected<OpenedData> open_data_folder(const std::filesystem::path& folder,
                                      const OpenOptions& options, const platform::Clock& clock,
                                      platform::Entropy& entropy);

}  // namespace postern::data
