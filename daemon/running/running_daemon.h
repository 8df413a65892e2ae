// The daemon from its opened data folder to its clean stop.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>

#include "daemon/config.h"
#include "daemon/data/data_folder.h"
#include "daemon/platform/notifier.h"
#include "daemon/platform/signals.h"
#include "daemon/platform/worker.h"
#include "daemon/running/addresses.h"
#include "daemon/running/daemon.h"
#include "daemon/running/diagnostic_log.h"
#include "daemon/running/health.h"
#include "daemon/running/loops.h"
#include "daemon/running/metrics_page.h"
#include "daemon/running/reload.h"
#include "daemon/running/services.h"
#include "daemon/running/snapshot_writing.h"
#include "daemon/transport/context.h"

namespace postern::running {

/// Owned and run by main's thread.
class RunningDaemon {
 public:
  /// `options`, `clock` and `log` outlive it; `folder` is absolute.
  RunningDaemon(const RunOptions& options, const std::filesystem::path& folder,
                service::Present& clock, DiagnosticLog& log, data::OpenedData data)
      : config_(options.config),
        read_settings_(options.read_settings),
        in_force_(options.config),
        paths_(folder),
        clock_(clock),
        log_(log),
        data_(std::move(data)) {}

  /// Until a signal says stop, or the authenticator's thread ends by itself, which is a failure.
  Expected<> run(platform::Signals& signals, platform::Notifier& manager);

 private:
  Expected<> start();
  Expected<> make_services();
  Expected<> start_metrics();
  void wait_for_the_end(platform::Signals& signals, platform::Notifier& manager);
  void tell_manager(platform::Notifier& manager);
  Expected<> stop();
  Services::Outlets outlets();
  /// What the threads cannot tell themselves, and what time has made due.
  void watch();
  void note_clock();
  // ---- a reload: all of it or nothing
  void reload();
  Reloading take_settings();
  Expected<> change_page(const Config& wanted);
  Expected<std::unique_ptr<MetricsPage>> start_page(const Config& wanted);
  void hold_reserve(bool hold);
  /// One that cannot be written is a slower start, and no more.
  void write_last_snapshot();

  /// As at the start: what the sockets and the services were made with.
  const Config& config_;
  const std::function<Expected<Config>()> read_settings_;
  /// Of main's thread: with what was reloaded since.
  Config in_force_;
  std::uint64_t reloads_ = 0;
  Whereabouts whereabouts_;
  const data::DataPaths paths_;
  service::Present& clock_;
  DiagnosticLog& log_;
  data::OpenedData data_;
  platform::SystemEntropy entropy_;
  service::Vitals vitals_;
  platform::Waker died_;
  std::atomic<bool> authenticator_died_{false};
  /// Of main's thread, as is what it guards: the next hour's note of the clock.
  std::int64_t next_note_ns_ = 0;
  bool note_trouble_told_ = false;
  /// Of a sync that began then it was told that it is stuck.
  std::int64_t stuck_sync_told_ns_ = 0;
  /// What the service manager heard last, and what was said of threads that made no turn.
  std::string status_line_;
  bool status_trouble_told_ = false;
  bool silence_told_ = false;
  /// Of the writer's thread: what is wrong with the reserve was said.
  bool reserve_trouble_told_ = false;

  // Each is given those before it, and ends before them.
  Loops loops_;
  std::unique_ptr<transport::Context> context_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<Health> health_;
  /// Appends for the writer.
  platform::Worker committer_{"committer", platform::Urgency::patient};
  std::unique_ptr<Threads> threads_;
  /// Null before the services are there.
  std::unique_ptr<SnapshotWriting> snapshots_;
  /// Null: there is none.
  std::unique_ptr<MetricsPage> page_;
};

/// The service manager not being told is no reason to stop.
void warn_of(const Expected<>& told, DiagnosticLog& log);

}  // namespace postern::running
