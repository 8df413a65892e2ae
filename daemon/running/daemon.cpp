#include "daemon/running/daemon.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "daemon/data/data_folder.h"
#include "daemon/platform/descriptors.h"
#include "daemon/platform/notifier.h"
#include "daemon/platform/process.h"
#include "daemon/running/clock_note.h"
#include "daemon/running/health.h"
#include "daemon/running/running_daemon.h"
#include "daemon/transport/kernel_guard.h"

namespace postern::running {

namespace {

constexpr int hour_ms = 3'600'000;
/// A start that had to fold more writes a snapshot at once.
constexpr std::uint64_t folded_records_max = 250'000;

void start_diagnostics(const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>("posternd",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

void tell_what_was_read(const RunOptions& options, const data::OpenedData& data) {
  const std::uint64_t last = data.journal->head().seq;
  const std::size_t users = data.state.tables().live_user_count();
  if (data.snapshot_seq == 0)
    spdlog::info("{} {} records, {} users", options.verify ? "verified every byte of" : "read",
                 last, users);
  else
    spdlog::info("read {} records, {} users, from snapshot of record {}, {} records after it", last,
                 users, data.snapshot_seq, last - data.snapshot_seq);
}

void tell_of_clock(const ClockAtStart& began, const service::Present& clock) {
  if (!began.note_trouble.empty()) spdlog::warn("{}", began.note_trouble);
  if (began.ahead_ns > day_ns)
    spdlog::warn("the clock is {} ahead of the newest sign of life in the data folder",
                 duration_text(began.ahead_ns));
  if (const auto standing = clock.standing(); standing.confirmed)
    spdlog::warn("{}", clock_behind_sentence(standing.behind_ns));
}

/// So that a start that took long takes long once, however the daemon ends.
void write_snapshot_early(const RunOptions& options, data::OpenedData& data) {
  // A snapshot is used only up to what was signed or acknowledged.
  if (const auto made = data.checkpoints->make(); !made)
    spdlog::warn("no checkpoint can be made: {}", made.error().sentence);
  if (write_snapshot(options.config, data::DataPaths(options.data), data,
                     {data.state, data.ids, data.past, data.read_whole_ns}))
    data.snapshot_seq = data.journal->head().seq;
}

void tell_closed_connections(std::uint64_t closed) {
  spdlog::warn(
      "no descriptors are left for more connections: {} were closed at once since the start",
      closed);
}

/// Before any thread and any secret.
Expected<> prepare_process() {
  if (auto hardened = platform::harden_process(); !hardened) return hardened;
  const auto connections_end = platform::connection_descriptors_end(platform::descriptor_limit());
  if (!connections_end) return std::unexpected(connections_end.error());
  transport::bound_connections(*connections_end, tell_closed_connections);
  return {};
}

/// Until the next word of it, a start may take so long before the service manager ends it: what is
/// read in between (a snapshot, keys) has no word of its own.
constexpr std::chrono::minutes start_grace{5};

data::OpenOptions open_options(const RunOptions& options, platform::Notifier& manager) {
  const Config& config = options.config;
  return {config.anchor,
          {std::int64_t{config.id_window_hours} * hour_ms, 300'000},
          std::uint64_t{config.disk_floor_mib} << 20U,
          std::uint64_t{config.disk_reserve_mib} << 20U,
          !options.verify,
          [&manager](std::uint64_t seq) {
            const std::string line = "reading the journal: " + std::to_string(seq) + " records";
            spdlog::info("{}", line);
            warn_of(manager.starting(line, start_grace));
          },
          [](const std::string& sentence) { spdlog::warn("{}", sentence); }};
}

}  // namespace

Expected<> run_daemon(const RunOptions& options) {
  start_diagnostics(options.config.level);
  if (auto prepared = prepare_process(); !prepared) return prepared;
  platform::Signals signals;
  platform::Notifier manager;
  warn_of(manager.starting("opening the data folder", start_grace));
  const platform::SystemClock system;
  service::Present clock(system);
  platform::SystemEntropy entropy;
  auto data = data::open_data_folder(options.data, open_options(options, manager), clock, entropy);
  if (!data) return std::unexpected(data.error());
  tell_what_was_read(options, *data);
  const auto began =
      begin_with_clock(data::DataPaths(options.data), *data, options.confirm_clock, clock);
  if (!began) return std::unexpected(began.error());
  tell_of_clock(*began, clock);
  if (data->journal->head().seq - data->snapshot_seq > folded_records_max)
    write_snapshot_early(options, *data);
  return RunningDaemon(options.config, std::filesystem::absolute(options.data), clock,
                       std::move(*data))
      .run(signals, manager);
}

}  // namespace postern::running
