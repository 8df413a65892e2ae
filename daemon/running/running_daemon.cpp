#include "daemon/running/running_daemon.h"

#include <poll.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "daemon/data/snapshot_keeping.h"
#include "daemon/platform/retried.h"
#include "daemon/running/addresses.h"
#include "daemon/running/clock_note.h"
#include "daemon/running/settings.h"
#include "daemon/transport/kernel_guard.h"

namespace postern::running {

namespace {

constexpr std::int64_t hour_ns = 3'600'000'000'000;
constexpr unsigned metrics_port_offset = 5;
/// How often the service manager's line is made anew where there is no watchdog.
constexpr std::int64_t status_interval_ns = 10'000'000'000;

using service::diagnostic;
using service::Line;

/// How long main waits at most, and what a disk takes before it is told that it does not answer.
constexpr std::int64_t watch_interval_ns = 1'000'000'000;
constexpr std::int64_t stuck_sync_ns = 10'000'000'000;

/// Of the newest file in the folder, if there is one.
void note_newest(const std::filesystem::path& folder, service::Vitals& vitals) {
  std::error_code what_cannot_be_read_is_none;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder, what_cannot_be_read_is_none)) {
    const auto written = std::filesystem::last_write_time(entry, what_cannot_be_read_is_none);
    if (what_cannot_be_read_is_none) continue;
    const auto since_1970 = std::chrono::file_clock::to_sys(written).time_since_epoch();
    const std::int64_t written_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count();
    if (written_ns <= vitals.snapshot_ns) continue;
    vitals.snapshot_ns = written_ns;
    const auto bytes = std::filesystem::file_size(entry, what_cannot_be_read_is_none);
    vitals.snapshot_bytes = what_cannot_be_read_is_none ? 0 : bytes;
  }
}

Expected<std::unique_ptr<calls::CallRing>> open_calls(const Config& config,
                                                      const std::filesystem::path& folder,
                                                      DiagnosticLog& log) {
  auto ring = calls::CallRing::open(
      folder, {std::uint64_t{config.ring_mib} << 20U, std::uint64_t{config.file_mib} << 20U});
  if (ring && (*ring)->cut_bytes() > 0) log.say(diagnostic<Line::calls_cut>((*ring)->cut_bytes()));
  return ring;
}

}  // namespace

void warn_of(const Expected<>& told, DiagnosticLog& log) {
  if (!told) log.say(diagnostic<Line::service_manager_unreachable>(told.error()));
}

Expected<> RunningDaemon::run(platform::Signals& signals, platform::Notifier& manager) {
  auto context = transport::Context::start([this] {
    authenticator_died_ = true;
    died_.wake();
  });
  if (!context) return std::unexpected(context.error());
  context_ = std::move(*context);
  schedule_io_threads();
  context_->tell_denied([this](const platform::Stranger& stranger) {
    log_.say(diagnostic<Line::stranger_denied>(stranger));
  });
  context_->allow(service::identities_in(data_.state.tables()));
  if (auto made = make_services(); !made) return made;
  const Expected<> started = start();
  if (started) wait_for_the_end(signals, manager);
  const Expected<> stopped = stop();
  if (!started) return started;
  if (authenticator_died_)
    return std::unexpected(Failure{FailureKind::bug, "the authenticator's thread ended by itself",
                                   "Start the daemon again; report the diagnostics."});
  return stopped;
}

// ---- start

Services::Outlets RunningDaemon::outlets() {
  return {loops_.commands.outlet(),
          loops_.queries.outlet(),
          loops_.history.outlet(),
          [this](std::set<std::string> identities) { context_->allow(std::move(identities)); },
          [this] { return data_.reserve.free().value_or(0); },
          [this](bool hold) { hold_reserve(hold); },
          [this](auto work) { committer_.run(std::move(work)); },
          [this] { return health_->warnings(); },
          [this] { return health_->counters(); },
          [this](const service::Diagnostic& told) { log_.say(told); },
          [this](std::unique_ptr<service::SnapshotMoment> moment) {
            snapshots_->write(std::move(moment), *services_->snapshots());
          }};
}

Expected<> RunningDaemon::make_services() {
  vitals_.read_whole_ns = data_.read_whole_ns;
  note_newest(paths_.snapshots(), vitals_);
  vitals_.snapshot_seq = data_.snapshot_seq;
  auto ring = open_calls(config_, paths_.calls(), log_);
  if (!ring) return std::unexpected(ring.error());
  const Services::Settings settings = service_settings(config_, data_, clock_);
  services_ = std::make_unique<Services>(
      Services::Parts{*data_.journal, *data_.checkpoints, *data_.keys, clock_, entropy_, vitals_,
                      loops_.wakers()},
      settings, outlets(), std::move(*ring),
      Services::JournalContents{std::move(data_.state), std::move(data_.ids),
                                std::move(data_.past)});
  health_ = std::make_unique<Health>(HealthSources{
      config_, *data_.keys, vitals_, *services_, loops_, paths_.owner_key(), *data_.journal, clock_,
      [this] { return context_->denied(); }, transport::connections_closed,
      [this](Line line) { return log_.count(line); }, [this] { return log_.held_back(); }});
  threads_ = std::make_unique<Threads>(loops_, *services_, config_.group_max);
  snapshots_ = std::make_unique<SnapshotWriting>(
      SnapshotWriting::Parts{paths_, data_, clock_, vitals_, log_, id_window(config_)},
      std::uint64_t{config_.disk_floor_mib} << 20U);
  return {};
}

Expected<> RunningDaemon::start() {
  const std::filesystem::path sockets =
      config_.ipc_path.empty() ? paths_.sockets() : std::filesystem::path(config_.ipc_path);
  auto bound = threads_->start(*context_, config_, sockets,
                               data_.keys->own_key(credential::OwnKey::server_curve_secret));
  if (!bound) return std::unexpected(bound.error());
  if (auto started = start_metrics(); !started) return started;
  if (auto written = data::write_server_key(paths_, *data_.keys); !written) return written;
  whereabouts_ = {std::move(*bound), page_ ? page_->address() : std::string(),
                  data::server_keys(*data_.keys),
                  journal::verifier_text(data_.checkpoints->signer())};
  return tell_whereabouts(paths_, whereabouts_);
}

Expected<> RunningDaemon::start_metrics() {
  auto page = start_page(config_);
  if (!page) return std::unexpected(page.error());
  page_ = std::move(*page);
  return {};
}

/// Null: the settings want none.
Expected<std::unique_ptr<MetricsPage>> RunningDaemon::start_page(const Config& wanted) {
  if (!wanted.metrics) return nullptr;
  const auto port = static_cast<std::uint16_t>(config_.port_base + metrics_port_offset);
  return MetricsPage::start(wanted.page_address(), port, [this] { return health_->reading(); });
}

// ---- while it runs

/// The sign of life that the next start compares its clock with.
void RunningDaemon::note_clock() {
  next_note_ns_ = clock_.monotonic_ns() + hour_ns;
  const auto noted =
      write_clock_note(paths_.clock(), {clock_.believed_ns(), clock_.confirmed_until_ns()});
  if (!noted && !note_trouble_told_) log_.say(diagnostic<Line::clock_not_noted>(noted.error()));
  note_trouble_told_ = !noted;
}

void RunningDaemon::hold_reserve(bool hold) {
  const auto done = hold ? data_.reserve.hold() : data_.reserve.give_up();
  if (!done && !reserve_trouble_told_) log_.say(diagnostic<Line::reserve_wrong>(done.error()));
  reserve_trouble_told_ = !done;
}

void RunningDaemon::watch() {
  const std::int64_t now_ns = clock_.monotonic_ns();
  if (now_ns >= next_note_ns_) note_clock();
  log_.say_held_back();
  const std::int64_t began_ns = vitals_.sync_began_ns;
  if (began_ns == 0 || now_ns - began_ns < stuck_sync_ns) return;
  if (std::exchange(stuck_sync_told_ns_, began_ns) != began_ns)
    log_.say(diagnostic<Line::sync_stuck>(service::Duration{now_ns - began_ns}));
}

/// The watchdog is fed by the threads' progress alone: all of them must have turned since.
void RunningDaemon::tell_manager(platform::Notifier& manager) {
  // Each is asked, so that each begins to be watched anew.
  std::string silent = loops_.silent();
  if (!context_->ticked()) silent += (silent.empty() ? "" : ", ") + std::string("authenticator");
  if (silent.empty() && manager.watchdog_interval()) warn_of(manager.alive(), log_);
  if (!silent.empty() && !silence_told_)
    log_.say(diagnostic<Line::thread_silent>(Failure{FailureKind::bug, silent, ""}));
  silence_told_ = !silent.empty();

  std::string line = "taking commands, seq " + std::to_string(services_->shown_seq());
  const auto refused_for = health_->reading().not_ready;
  if (!refused_for.empty()) line = "commands are refused: " + refused_for.front();
  if (!silent.empty()) line = "no turn of: " + silent;
  if (line == status_line_) return;
  const Expected<> told = manager.status(line);
  if (!std::exchange(status_trouble_told_, !told)) warn_of(told, log_);
  // What it did not hear is told again.
  status_line_ = told ? line : std::string();
}

void RunningDaemon::wait_for_the_end(platform::Signals& signals, platform::Notifier& manager) {
  warn_of(manager.ready(), log_);
  log_.say(diagnostic<Line::ready>(data_.journal->head().seq));
  const std::int64_t interval_ns =
      manager.watchdog_interval()
          ? std::chrono::nanoseconds(*manager.watchdog_interval()).count() / 3
          : status_interval_ns;
  std::int64_t due_ns = clock_.monotonic_ns();
  while (true) {
    watch();
    pollfd waits[] = {{signals.descriptor(), POLLIN, 0}, {died_.descriptor(), POLLIN, 0}};
    const std::int64_t until_due_ns =
        manager.is_managed() ? std::max<std::int64_t>(due_ns - clock_.monotonic_ns(), 0)
                             : watch_interval_ns;
    const std::int64_t left_ns = std::min(until_due_ns, watch_interval_ns);
    const int wait_ms = static_cast<int>(left_ns / platform::millisecond_ns) + 1;
    platform::retried([&] { return ::poll(waits, 2, wait_ms); });
    if (authenticator_died_) break;
    // By the time: signals that come without end do not keep the service manager waiting.
    if (manager.is_managed() && clock_.monotonic_ns() >= due_ns) {
      due_ns = clock_.monotonic_ns() + interval_ns;
      tell_manager(manager);
    }
    // SIGHUP is handed over before others, and the next may be there when a reload is done.
    constexpr int signals_at_once = 64;
    bool is_told_to_stop = false;
    bool is_told_to_reload = false;
    for (int taken = 0; taken < signals_at_once && !is_told_to_stop; ++taken) {
      const auto signal = signals.take();
      if (!signal) break;
      (*signal == SIGHUP ? is_told_to_reload : is_told_to_stop) = true;
    }
    if (is_told_to_stop) break;
    if (is_told_to_reload) reload();
  }
  log_.say(diagnostic<Line::stopping>());
  warn_of(manager.stopping(), log_);
  warn_of(manager.status("stopping: what was taken is finished, a snapshot is written"), log_);
}

// ---- a reload

void RunningDaemon::reload() {
  const Reloading came = take_settings();
  if (came.refused) log_.say(diagnostic<Line::settings_refused>(*came.refused));
  for (const SettingChange& change : came.changed)
    log_.say(diagnostic<Line::settings_changed>(platform::SettingText{change.name},
                                                platform::SettingText{change.value}));
  for (const SettingChange& change : came.need_restart)
    log_.say(diagnostic<Line::settings_need_restart>(platform::SettingText{change.name},
                                                     platform::SettingText{change.value}));
  if (const auto told = tell_reloading(paths_.reloaded(), ++reloads_, came); !told)
    log_.say(diagnostic<Line::settings_untold>(told.error()));
}

/// Where the old page stands in the way of the new, it goes first, and comes back if that fails.
Expected<> RunningDaemon::change_page(const Config& wanted) {
  auto page = start_page(wanted);
  if (!page && page_ != nullptr && page.error().kind == FailureKind::in_use) {
    page_.reset();
    page = start_page(wanted);
    if (!page)
      if (auto old = start_page(in_force_)) page_ = std::move(*old);
  }
  if (!page) return std::unexpected(page.error());
  page_ = std::move(*page);
  whereabouts_.metrics = page_ ? page_->address() : std::string();
  if (const auto told = tell_whereabouts(paths_, whereabouts_); !told)
    log_.say(diagnostic<Line::settings_untold>(told.error()));
  return {};
}

/// What can fail comes first, and is taken back if what follows it does.
Reloading RunningDaemon::take_settings() {
  const Expected<Config> read = read_settings_();
  if (!read) return {{}, {}, read.error()};
  Config wanted = in_force_;
  take_while_running(*read, wanted);
  const bool page_changes =
      wanted.metrics != in_force_.metrics || wanted.page_address() != in_force_.page_address();
  const std::uint32_t threads_before = in_force_.hash_threads;
  if (const auto set = services_->set_hash_threads(wanted.hash_threads); !set)
    return {{}, {}, set.error()};
  if (page_changes)
    if (const auto changed = change_page(wanted); !changed) {
      // Fewer threads can always be had, and as many as there were.
      const auto put_back = services_->set_hash_threads(threads_before);
      return {{}, {}, put_back ? changed.error() : put_back.error()};
    }
  services_->writer().set_disk_floor(std::uint64_t{wanted.disk_floor_mib} << 20U);
  snapshots_->set_disk_floor(std::uint64_t{wanted.disk_floor_mib} << 20U);
  services_->snapshots()->set_records_step(wanted.snapshot_every_records);
  services_->writer().set_group_max(wanted.group_max);
  threads_->set_group_max(wanted.group_max);
  services_->reader().set_ranges_age_max(wanted.ranges_days_max * day_ns);
  log_.set_form(log_form(wanted));
  // Since the start: what was reloaded before needs no restart, whatever the file said meanwhile.
  Reloading came = reloading_of(in_force_, *read);
  in_force_ = wanted;
  return came;
}

// ---- stop

Expected<> RunningDaemon::stop() {
  page_.reset();
  snapshots_->end();
  threads_->stop();
  snapshots_.reset();
  services_->end_hashing();
  std::error_code ignored_if_never_written;
  std::filesystem::remove(paths_.addresses(), ignored_if_never_written);
  std::filesystem::remove(paths_.reloaded(), ignored_if_never_written);
  // The threads are gone, so it is main's.
  if (const auto made = data_.checkpoints->make(); !made)
    log_.say(diagnostic<Line::checkpoint_failed>(made.error()));
  note_clock();
  const auto closed = data_.journal->close();
  services_->pass_on_the_rest();
  if (closed && !vitals_.degraded) write_last_snapshot();
  if (closed) log_.say(diagnostic<Line::stopped>(data_.journal->head().seq));
  return closed;
}

void RunningDaemon::write_last_snapshot() {
  // When every byte of the journal was read: at the start, before it, or by the scrubber.
  const std::int64_t read_whole_ns = std::max(data_.read_whole_ns, vitals_.read_whole_ns.load());
  const service::Writer& writer = services_->writer();
  // One that was written beside may be of the same record.
  data_.snapshot_seq = vitals_.snapshot_seq;
  const auto kept = data::keep_snapshot(
      paths_, data_,
      {writer.state(), writer.ids(), services_->auditor().past_index(), read_whole_ns},
      std::uint64_t{in_force_.disk_floor_mib} << 20U);
  if (!kept) log_.say(diagnostic<Line::snapshot_not_written>(kept.error()));
}

}  // namespace postern::running
