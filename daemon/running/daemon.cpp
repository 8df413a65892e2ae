#include "daemon/running/daemon.h"

#include "daemon/data/data_folder.h"
#include "daemon/platform/descriptors.h"
#include "daemon/platform/notifier.h"
#include "daemon/platform/process.h"
#include "daemon/running/clock_note.h"
#include "daemon/running/diagnostic_log.h"
#include "daemon/running/running_daemon.h"
#include "daemon/running/settings.h"
#include "daemon/transport/kernel_guard.h"

namespace postern::running {

namespace {

using service::diagnostic;
using service::Line;

void tell_what_was_read(const RunOptions& options, const data::OpenedData& data,
                        DiagnosticLog& log) {
  const std::uint64_t last = data.journal->head().seq;
  const std::size_t users = data.state.tables().live_user_count();
  if (data.snapshot_seq != 0)
    log.say(
        diagnostic<Line::snapshot_read>(last, users, data.snapshot_seq, last - data.snapshot_seq));
  else if (options.verify)
    log.say(diagnostic<Line::journal_verified>(last, users));
  else
    log.say(diagnostic<Line::journal_read>(last, users));
  const auto& copies = data.state.tables().copies();
  // By the first start after it alone.
  if (copies != nullptr && !copies->restorations.empty() && copies->restorations.back().seq == last)
    log.say(diagnostic<Line::journal_restored>(last));
}

void tell_of_clock(const ClockAtStart& began, const service::Present& clock, DiagnosticLog& log) {
  if (began.note_trouble) log.say(diagnostic<Line::clock_note_unreadable>(*began.note_trouble));
  if (began.ahead_ns > day_ns)
    log.say(diagnostic<Line::clock_far_ahead>(service::Duration{began.ahead_ns}));
  if (const auto standing = clock.standing(); standing.confirmed)
    log.say(diagnostic<Line::clock_behind_confirmed>(service::Duration{standing.behind_ns}));
}

/// The process's: connections are closed for the lack of descriptors below all that has an owner.
DiagnosticLog& the_log() {
  static const platform::SystemClock clock;
  static DiagnosticLog log(clock, write_to_standard_error);
  return log;
}

void tell_closed_connections(std::uint64_t closed) {
  the_log().say(diagnostic<Line::connections_closed>(closed));
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

data::OpenOptions open_options(const RunOptions& options, platform::Notifier& manager,
                               DiagnosticLog& log) {
  const Config& config = options.config;
  return {config.anchor,
          id_window(config),
          std::uint64_t{config.disk_floor_mib} << 20U,
          std::uint64_t{config.disk_reserve_mib} << 20U,
          !options.verify,
          [&manager, &log](std::uint64_t seq) {
            const auto line = diagnostic<Line::journal_reading>(seq);
            log.say(line);
            warn_of(manager.starting(line.sentence(), start_grace), log);
          },
          [&log](const Failure& why) { log.say(diagnostic<Line::snapshot_passed_over>(why)); }};
}

}  // namespace

std::string diagnostics_page() { return service::diagnostics_page(); }

bool tell_end(const Config& config, const Failure& why) {
  const DiagnosticLog::Form form = log_form(config);
  if (!form.is_json && !form.has_priorities) return false;
  // What has a line for each problem is one line there.
  Failure in_one_line{why.kind, "", why.remedy};
  for (const char letter : why.sentence)
    in_one_line.sentence += letter == '\n' ? std::string("; ") : std::string(1, letter);
  the_log().set_form(form);
  the_log().say(diagnostic<Line::daemon_ended>(in_one_line));
  return true;
}

Expected<> run_daemon(const RunOptions& options) {
  DiagnosticLog& log = the_log();
  log.set_form(log_form(options.config));
  if (auto prepared = prepare_process(); !prepared) return prepared;
  platform::Signals signals;
  platform::Notifier manager;
  warn_of(manager.starting("opening the data folder", start_grace), log);
  const platform::SystemClock system;
  service::Present clock(system);
  platform::SystemEntropy entropy;
  auto data =
      data::open_data_folder(options.data, open_options(options, manager, log), clock, entropy);
  if (!data) return std::unexpected(data.error());
  tell_what_was_read(options, *data, log);
  const auto began =
      begin_with_clock(data::DataPaths(options.data), *data, options.confirm_clock, clock);
  if (!began) return std::unexpected(began.error());
  tell_of_clock(*began, clock, log);
  auto ran =
      RunningDaemon(options, std::filesystem::absolute(options.data), clock, log, std::move(*data))
          .run(signals, manager);
  log.say_all_held_back();
  return ran;
}

}  // namespace postern::running
