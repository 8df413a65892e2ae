// Snapshots written while the daemon runs, on a thread of their own that takes the processor from
// nobody.
#pragma once

#include <atomic>
#include <memory>

#include "daemon/data/data_folder.h"
#include "daemon/domain/command_ids.h"
#include "daemon/platform/worker.h"
#include "daemon/running/diagnostic_log.h"
#include "daemon/service/snapshot_keeper.h"
#include "daemon/service/vitals.h"

namespace postern::running {

/// Made and ended by main.
class SnapshotWriting {
 public:
  /// All outlive it.
  struct Parts {
    const data::DataPaths& paths;
    /// Its journal, keys and reserve, which any thread may ask.
    const data::OpenedData& data;
    const platform::Clock& clock;
    service::Vitals& vitals;
    DiagnosticLog& log;
    domain::CommandIds::Window window;
  };

  SnapshotWriting(const Parts& parts, std::uint64_t disk_floor_bytes)
      : parts_(parts), disk_floor_bytes_(disk_floor_bytes) {}
  ~SnapshotWriting() { is_ending_ = true; }

  /// By the keeper, whose `written` is called when it is done; any thread.
  void write(std::unique_ptr<service::SnapshotMoment> moment, service::SnapshotKeeper& keeper);
  void set_disk_floor(std::uint64_t bytes) { disk_floor_bytes_ = bytes; }
  /// What is being written is given up, and nothing more is begun.
  void end() { is_ending_ = true; }

 private:
  void write_now(service::SnapshotMoment& moment, const service::SnapshotKeeper& keeper);
  Expected<> may_go_on(const service::SnapshotKeeper& keeper) const;

  const Parts parts_;
  std::atomic<std::uint64_t> disk_floor_bytes_;
  std::atomic<bool> is_ending_{false};
  platform::Worker worker_{"snapshot", platform::Urgency::background};
};

}  // namespace postern::running
