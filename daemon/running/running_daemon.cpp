#include "daemon/running/running_daemon.h"

#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <utility>

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

void alarm(const std::string& sentence) { spdlog::error("{}", sentence); }

Expected<std::unique_ptr<calls::CallRing>> open_calls(const Config& config,
                                                      const std::filesystem::path& folder) {
  auto ring = calls::CallRing::open(
      folder, {std::uint64_t{config.ring_mib} << 20U, std::uint64_t{config.file_mib} << 20U});
  if (ring && (*ring)->cut_bytes() > 0)
    spdlog::warn("the newest file of recorded calls ended in {} torn bytes, which were cut",
                 (*ring)->cut_bytes());
  return ring;
}

}  // namespace

void warn_of(const Expected<>& told) {
  if (!told) spdlog::warn("{}", told.error().sentence);
}

bool write_snapshot(const Config& config, const data::DataPaths& paths,
                    const data::OpenedData& data, const data::Running& running) {
  const auto kept =
      data::keep_snapshot(paths, data, running, std::uint64_t{config.disk_floor_mib} << 20U);
  if (!kept) spdlog::warn("no snapshot is written: {}", kept.error().sentence);
  return kept.has_value();
}

Expected<> RunningDaemon::run(platform::Signals& signals, platform::Notifier& manager) {
  auto context = transport::Context::start([this] {
    authenticator_died_ = true;
    died_.wake();
  });
  if (!context) return std::unexpected(context.error());
  context_ = std::move(*context);
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
          alarm};
}

Expected<> RunningDaemon::make_services() {
  auto ring = open_calls(config_, paths_.calls());
  if (!ring) return std::unexpected(ring.error());
  const Services::Settings settings = service_settings(config_, data_, clock_);
  services_ = std::make_unique<Services>(
      Services::Parts{*data_.journal, *data_.checkpoints, *data_.keys, clock_, entropy_, vitals_,
                      loops_.wakers()},
      settings, outlets(), std::move(*ring),
      Services::JournalContents{std::move(data_.state), std::move(data_.ids),
                                std::move(data_.past)});
  health_ = std::make_unique<Health>(
      HealthSources{config_, *data_.keys, vitals_, *services_, loops_, paths_.owner_key(),
                    [this] { return context_->denied(); }, transport::connections_closed});
  threads_ = std::make_unique<Threads>(loops_, *services_, config_.group_max);
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
  return tell_whereabouts(paths_, {std::move(*bound), page_ ? page_->address() : std::string(),
                                   data::server_keys(*data_.keys),
                                   journal::verifier_text(data_.checkpoints->signer())});
}

Expected<> RunningDaemon::start_metrics() {
  if (!config_.metrics) return {};
  const auto port = static_cast<std::uint16_t>(config_.port_base + metrics_port_offset);
  auto page =
      MetricsPage::start(config_.page_address(), port, [this] { return health_->reading(); });
  if (!page) return std::unexpected(page.error());
  page_ = std::move(*page);
  return {};
}

// ---- while it runs

/// The sign of life that the next start compares its clock with.
void RunningDaemon::note_clock() {
  next_note_ns_ = clock_.monotonic_ns() + hour_ns;
  const auto noted =
      write_clock_note(paths_.clock(), {clock_.believed_ns(), clock_.confirmed_until_ns()});
  if (!noted && !note_trouble_told_)
    alarm("the time cannot be noted for the next start: " + noted.error().sentence);
  note_trouble_told_ = !noted;
}

void RunningDaemon::hold_reserve(bool hold) {
  const auto done = hold ? data_.reserve.hold() : data_.reserve.give_up();
  if (!done && !reserve_trouble_told_)
    alarm("the reserve for a full disk is not as it should be: " + done.error().sentence);
  reserve_trouble_told_ = !done;
}

/// The watchdog is fed by the threads' progress alone: all of them must have turned since.
void RunningDaemon::tell_manager(platform::Notifier& manager) {
  // Each is asked, so that each begins to be watched anew.
  std::string silent = loops_.silent();
  if (!context_->ticked()) silent += (silent.empty() ? "" : ", ") + std::string("authenticator");
  if (silent.empty() && manager.watchdog_interval()) warn_of(manager.alive());
  if (!silent.empty() && !silence_told_)
    spdlog::warn("a thread made no turn since the watchdog was fed: {}", silent);
  silence_told_ = !silent.empty();

  std::string line = "taking commands, seq " + std::to_string(services_->shown_seq());
  const auto refused_for = health_->reading().not_ready;
  if (!refused_for.empty()) line = "commands are refused: " + refused_for.front();
  if (!silent.empty()) line = "no turn of: " + silent;
  if (line == status_line_) return;
  const Expected<> told = manager.status(line);
  if (!std::exchange(status_trouble_told_, !told)) warn_of(told);
  // What it did not hear is told again.
  status_line_ = told ? line : std::string();
}

void RunningDaemon::wait_for_the_end(platform::Signals& signals, platform::Notifier& manager) {
  warn_of(manager.ready());
  spdlog::info("ready at seq {}", data_.journal->head().seq);
  const std::int64_t interval_ns =
      manager.watchdog_interval()
          ? std::chrono::nanoseconds(*manager.watchdog_interval()).count() / 3
          : status_interval_ns;
  std::int64_t due_ns = clock_.monotonic_ns();
  while (true) {
    if (clock_.monotonic_ns() >= next_note_ns_) note_clock();
    pollfd waits[] = {{signals.descriptor(), POLLIN, 0}, {died_.descriptor(), POLLIN, 0}};
    const std::int64_t next_ns =
        manager.is_managed() ? std::min(due_ns, next_note_ns_) : next_note_ns_;
    const std::int64_t left_ns = std::max<std::int64_t>(next_ns - clock_.monotonic_ns(), 0);
    const int wait_ms = static_cast<int>(left_ns / platform::millisecond_ns) + 1;
    platform::retried([&] { return ::poll(waits, 2, wait_ms); });
    if (authenticator_died_) break;
    // By the time: signals that come without end do not keep the service manager waiting.
    if (manager.is_managed() && clock_.monotonic_ns() >= due_ns) {
      due_ns = clock_.monotonic_ns() + interval_ns;
      tell_manager(manager);
    }
    const auto signal = signals.take();
    if (signal == SIGHUP)
      spdlog::info("SIGHUP changes nothing: the settings are read when the daemon starts");
    else if (signal)
      break;
  }
  spdlog::info("stopping");
  warn_of(manager.stopping());
  warn_of(manager.status("stopping: what was taken is finished, a snapshot is written"));
}

// ---- stop

Expected<> RunningDaemon::stop() {
  page_.reset();
  threads_->stop();
  services_->end_hashing();
  std::error_code ignored_if_never_written;
  std::filesystem::remove(paths_.addresses(), ignored_if_never_written);
  // The threads are gone, so it is main's.
  if (const auto made = data_.checkpoints->make(); !made)
    alarm("no checkpoint can be made, the one before stands: " + made.error().sentence);
  note_clock();
  const auto closed = data_.journal->close();
  // When every byte of the journal was read: at the start, before it, or by the scrubber.
  const std::int64_t read_whole_ns = std::max(data_.read_whole_ns, vitals_.read_whole_ns.load());
  services_->pass_on_the_rest();
  const service::Writer& writer = services_->writer();
  if (closed && !vitals_.degraded)
    write_snapshot(
        config_, paths_, data_,
        {writer.state(), writer.ids(), services_->auditor().past_index(), read_whole_ns});
  if (closed) spdlog::info("stopped at seq {}", data_.journal->head().seq);
  return closed;
}

}  // namespace postern::running
