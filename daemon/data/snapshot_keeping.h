// What goes into a snapshot of an opened folder: beside a running daemon, and at its stop.
#pragma once

#include "daemon/data/data_folder.h"
#include "daemon/data/snapshot.h"

namespace postern::data {

/// Gives up if it fails.
using MayGoOn = std::function<Expected<>()>;

/// The state as it stood at a record that is durable. Whoever holds the entries keeps them alive
/// and as they are.
struct Standing {
  journal::Head head;
  domain::EntryList entries;
  domain::JournalPlace place;
  domain::PastNotes past;
  /// When every byte of the journal was last read.
  std::int64_t read_whole_ns = 0;
};

/// On a thread beside those that use the folder. The command ids of the window are read from the
/// journal, so that nobody need hold them still (K1). Fails with what was there unchanged.
Expected<SnapshotWritten> keep_snapshot(const DataPaths& paths, const OpenedData& data,
                                        Standing standing, domain::CommandIds::Window window,
                                        std::int64_t now_ns, const MayGoOn& may_go_on);

/// What runs, which nobody changes meanwhile.
struct Running {
  const domain::State& state;
  const domain::CommandIds& ids;
  const domain::PastIndex& past;
  std::int64_t read_whole_ns = 0;
};

/// At the stop. Nothing to do if it began from one of the same record. Fails, with what was there
/// unchanged, if the state is not what the journal holds, or free disk is under the floor.
Expected<> keep_snapshot(const DataPaths& paths, const OpenedData& data, const Running& running,
                         std::uint64_t disk_floor_bytes);

}  // namespace postern::data
