#include "daemon/running/daemon.h"

#include <poll.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <future>
#include <thread>

#include "daemon/data/data_folder.h"
#include "daemon/data/server_keys.h"
#include "daemon/platform/clock.h"
#include "daemon/platform/descriptors.h"
#include "daemon/platform/files.h"
#include "daemon/platform/notifier.h"
#include "daemon/platform/process.h"
#include "daemon/platform/retried.h"
#include "daemon/platform/signals.h"
#include "daemon/platform/wiped_memory.h"
#include "daemon/platform/worker.h"
#include "daemon/running/address_file.h"
#include "daemon/running/call_recording.h"
#include "daemon/running/clock_note.h"
#include "daemon/running/metrics.h"
#include "daemon/service/auditor.h"
#include "daemon/service/historian.h"
#include "daemon/service/reader.h"
#include "daemon/service/writer.h"
#include "daemon/transport/context.h"
#include "daemon/transport/curve.h"
#include "daemon/transport/endpoint.h"
#include "daemon/transport/kernel_guard.h"

namespace postern::running {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_ns = 86'400 * second_ns;
using platform::millisecond_ns;
constexpr int longest_wait_ms = 1'000;
/// Above the bounds that are answered with too_large, so that a little too much gets its answer.
constexpr std::int64_t message_bytes_max = 2 * 1'048'576;
/// An import of a provider's ranges has up to 4 MiB (N3).
constexpr std::int64_t command_bytes_max = 5 * 1'048'576;
/// A request of the history has 64 KiB.
constexpr std::int64_t request_bytes_max = 256 * 1'024;
/// Of one peer; any of them may be a batch.
constexpr int waiting_messages_max = 64;
constexpr std::uint32_t memory_floor_kib = 19'456;
constexpr int hour_ms = 3'600'000;
constexpr std::int64_t hour_ns = 3'600 * second_ns;
constexpr unsigned metrics_port_offset = 5;
/// A start that had to fold more writes a snapshot at once.
constexpr std::uint64_t folded_records_max = 250'000;

/// What a thread's loop shares with main.
struct Loop {
  platform::Waker waker;
  std::atomic<bool> ticked{true};
  std::atomic<std::uint64_t> dropped_in{0};
  std::atomic<std::uint64_t> dropped_out{0};
  /// Made and used by the loop's own thread alone; null: it has no socket.
  std::unique_ptr<transport::Endpoint> endpoint;
};

using Bound = Expected<std::vector<std::string>>;

class Daemon {
 public:
  Daemon(const RunOptions& options, service::Present& clock, data::OpenedData data)
      : config_(options.config),
        paths_(fs::absolute(options.data)),
        clock_(clock),
        data_(std::move(data)) {}

  Expected<> run(platform::Signals& signals);

 private:
  Expected<> open_calls();
  /// What one password costs here.
  std::int64_t hash_time_ns() const;
  void make_services();
  Expected<> start_threads();
  void wait_for_the_end(platform::Signals& signals);
  Expected<> stop();

  transport::EndpointOptions endpoint_options(const std::string& name, unsigned port_offset,
                                              std::uint64_t io_threads) const;
  template <class Body>
  std::future<Bound> start_thread(Loop& loop, transport::EndpointOptions options, Body body);
  void turn_writer();
  template <class Service>
  void turn_service(Loop& loop, Service& service);
  void turn_auditor();
  void tick(Loop& loop);
  service::Send send_from(Loop& loop);
  service::HasRoom has_room_at(Loop& loop);

  Expected<> start_metrics();
  Metrics metrics() const;
  Expected<> tell_addresses(const std::array<Bound, 3>& bound) const;
  void note_clock();
  void hold_reserve(bool hold);
  std::vector<std::string> warnings() const;
  std::vector<std::pair<std::string, std::uint64_t>> counters() const;
  bool all_ticked();
  /// When every byte of the journal was: at the start, before it, or by the scrubber.
  std::int64_t last_read_whole() const {
    return std::max(data_.read_whole_ns, vitals_.read_whole_ns.load());
  }

  const Config& config_;
  data::DataPaths paths_;
  service::Present& clock_;
  data::OpenedData data_;
  platform::SystemEntropy entropy_;
  service::Vitals vitals_;
  Loop writer_loop_, reader_loop_, historian_loop_, auditor_loop_, recorder_loop_;
  /// What the data folder held at the start.
  std::uint64_t first_seq_ = 0;
  platform::Waker died_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> writer_ended_{false};
  std::atomic<bool> authenticator_died_{false};
  service::Mailboxes mail_{{writer_loop_.waker, reader_loop_.waker, historian_loop_.waker,
                            auditor_loop_.waker, recorder_loop_.waker}};

  std::unique_ptr<transport::Context> context_;
  std::unique_ptr<credential::HashPool> pool_;
  std::unique_ptr<service::PasswordDesk> desk_;
  std::unique_ptr<service::Writer> writer_;
  std::unique_ptr<service::Reader> reader_;
  std::unique_ptr<service::Historian> historian_;
  std::unique_ptr<service::Auditor> auditor_;
  std::unique_ptr<CallRecording> calls_;
  /// Of main's thread, as is what it guards: the next hour's note of the clock.
  std::int64_t next_note_ns_ = 0;
  bool note_trouble_told_ = false;
  /// Of the writer's thread: what is wrong with the reserve was said.
  bool reserve_trouble_told_ = false;
  /// Appends for the writer. Ends before the services do.
  platform::Worker committer_;
  std::vector<std::thread> threads_;
  /// Null: there is none. Reads what the others keep.
  std::unique_ptr<MetricsPage> page_;
};

/// True if it was woken.
bool wait_for(const platform::Waker& waker) {
  pollfd wait{waker.descriptor(), POLLIN, 0};
  return platform::retried([&] { return ::poll(&wait, 1, longest_wait_ms); }) > 0;
}

/// A snapshot that cannot be written is a slower start, and no more.
bool keep(const data::DataPaths& paths, const data::OpenedData& data, const data::Running& running,
          const Config& config) {
  const auto kept =
      data::keep_snapshot(paths, data, running, std::uint64_t{config.disk_floor_mib} << 20U);
  if (!kept) spdlog::warn("no snapshot is written: {}", kept.error().sentence);
  return kept.has_value();
}

void alarm(const std::string& sentence) { spdlog::error("{}", sentence); }

/// "26 hours", in the largest unit of which there are two.
std::string in_words(std::int64_t time_ns) {
  constexpr std::pair<std::int64_t, const char*> units[] = {
      {86'400 * second_ns, " days"}, {3'600 * second_ns, " hours"}, {60 * second_ns, " minutes"}};
  for (const auto& [unit_ns, name] : units)
    if (time_ns >= 2 * unit_ns) return std::to_string(time_ns / unit_ns) + name;
  return std::to_string(time_ns / second_ns) + " seconds";
}

// ---- start

Expected<> Daemon::run(platform::Signals& signals) {
  auto context = transport::Context::start([this] {
    authenticator_died_ = true;
    died_.wake();
  });
  if (!context) return std::unexpected(context.error());
  context_ = std::move(*context);
  context_->allow(service::identities_in(data_.state.tables()));
  if (auto opened = open_calls(); !opened) return opened;
  make_services();
  const Expected<> started = start_threads();
  if (started) wait_for_the_end(signals);
  const Expected<> stopped = stop();
  if (!started) return started;
  if (authenticator_died_)
    return std::unexpected(Failure{FailureKind::bug, "the authenticator's thread ended by itself",
                                   "Start the daemon again; report the diagnostics."});
  return stopped;
}

/// The sign of life that the next start compares its clock with.
void Daemon::note_clock() {
  next_note_ns_ = clock_.monotonic_ns() + hour_ns;
  const auto noted =
      write_clock_note(paths_.clock(), {clock_.believed_ns(), clock_.confirmed_until_ns()});
  if (!noted && !note_trouble_told_)
    alarm("the time cannot be noted for the next start: " + noted.error().sentence);
  note_trouble_told_ = !noted;
}

void Daemon::hold_reserve(bool hold) {
  const auto done = hold ? data_.reserve.hold() : data_.reserve.give_up();
  if (!done && !reserve_trouble_told_)
    alarm("the reserve for a full disk is not as it should be: " + done.error().sentence);
  reserve_trouble_told_ = !done;
}

Expected<> Daemon::open_calls() {
  const calls::CallRing::Limits limits{std::uint64_t{config_.ring_mib} << 20U,
                                       std::uint64_t{config_.file_mib} << 20U};
  auto ring = calls::CallRing::open(paths_.calls(), limits);
  if (!ring) return std::unexpected(ring.error());
  if ((*ring)->cut_bytes() > 0)
    spdlog::warn("the newest file of recorded calls ended in {} torn bytes, which were cut",
                 (*ring)->cut_bytes());
  calls_ = std::make_unique<CallRecording>(
      std::move(*ring), CallRecording::Parts{recorder_loop_.waker, historian_loop_.waker,
                                             *data_.keys, clock_, entropy_, vitals_, mail_, alarm});
  return {};
}

std::int64_t Daemon::hash_time_ns() const {
  const std::int64_t began_ns = clock_.monotonic_ns();
  credential::verify_nothing(credential::Secret("nothing"), config_.cost);
  return clock_.monotonic_ns() - began_ns;
}

void Daemon::make_services() {
  const journal::Head head = data_.journal->head();
  first_seq_ = head.seq;
  const std::int64_t time_ns = data_.state.time_ns();
  const auto view = [&] {
    view::View made;
    made.load(data_.state.tables());
    return made;
  };
  credential::HashPool::Limits limits;
  limits.threads = config_.hash_threads;
  limits.waiting_max = config_.waiting_max;
  // One service leaves a quarter to the others, one tenant more of it.
  limits.waiting_per_service_max = limits.waiting_max - limits.waiting_max / 4;
  limits.waiting_per_tenant_max = limits.waiting_max - limits.waiting_max * 3 / 8;
  const std::int64_t refusal_step_ns =
      service::RefusalGrid::step_above(config_.refusal_step_ms * millisecond_ns, hash_time_ns());
  pool_ = std::make_unique<credential::HashPool>(limits);
  desk_ = std::make_unique<service::PasswordDesk>(
      *pool_, *data_.keys, entropy_, reader_loop_.waker, config_.cost,
      service::PasswordDesk::Limits{.waiting_max = config_.waiting_max});
  reader_ = std::make_unique<service::Reader>(
      service::Reader::Parts{*desk_, clock_, vitals_, mail_, *data_.keys, entropy_,
                             &calls_->line()},
      service::Reader::Settings{1'000, 10'000, POSTERN_VERSION, data_.installation,
                                clock_.monotonic_ns(), data::server_keys(*data_.keys).next,
                                refusal_step_ns,
                                config_.ranges_days_max * std::int64_t{86'400'000'000'000}},
      service::Reader::Outlets{send_from(reader_loop_), [this] { return warnings(); },
                               [this] { return counters(); }, alarm, has_room_at(reader_loop_)},
      view(), head, time_ns);
  historian_ = std::make_unique<service::Historian>(
      service::Historian::Parts{*data_.journal, *data_.checkpoints, clock_, vitals_, mail_, alarm,
                                &calls_->pages(), data_.keys.get(), has_room_at(historian_loop_)},
      service::Historian::Settings(), send_from(historian_loop_), view(), head, time_ns);
  auditor_ = std::make_unique<service::Auditor>(
      service::Auditor::Parts{*data_.journal, *data_.keys, clock_, mail_, alarm}, view(), head);
  service::Writer::Settings settings;
  settings.cost = config_.cost;
  settings.refusal_step_ns = refusal_step_ns;
  settings.group_max = config_.group_max;
  settings.disk_floor_bytes = std::uint64_t{config_.disk_floor_mib} << 20U;
  service::Writer::Outlets outlets{
      send_from(writer_loop_),
      [this](std::set<std::string> identities) { context_->allow(std::move(identities)); },
      [this] { return data_.reserve.free().value_or(0); },
      [this](bool hold) { hold_reserve(hold); },
      alarm,
      has_room_at(writer_loop_)};
  writer_ = std::make_unique<service::Writer>(
      service::Writer::Parts{*data_.journal, *data_.keys, *pool_, clock_, entropy_,
                             writer_loop_.waker, vitals_, mail_,
                             [this](auto work) { committer_.run(std::move(work)); }},
      settings, std::move(outlets), std::move(data_.state), std::move(data_.ids));
}

service::Send Daemon::send_from(Loop& loop) {
  return [&loop](const platform::Peer& peer, std::span<const std::uint8_t> payload) {
    loop.endpoint->send(peer, payload);
  };
}

service::HasRoom Daemon::has_room_at(Loop& loop) {
  return [&loop](const platform::Peer& peer, std::size_t bytes, std::size_t owed) {
    return loop.endpoint->has_room(peer, bytes, owed);
  };
}

transport::EndpointOptions Daemon::endpoint_options(const std::string& name, unsigned port_offset,
                                                    std::uint64_t io_threads) const {
  transport::EndpointOptions options;
  options.name = name;
  const bool is_ipv6 = config_.address.find(':') != std::string::npos;
  options.tcp.push_back("tcp://" + (is_ipv6 ? "[" + config_.address + "]" : config_.address) + ":" +
                        std::to_string(config_.port_base + port_offset));
  if (config_.ipc) options.ipc = paths_.sockets() / name;
  options.curve_secret = data_.keys->own_key("server-curve-secret");
  options.message_bytes_max = message_bytes_max;
  options.high_water_mark = waiting_messages_max;
  options.affinity = io_threads;
  return options;
}

/// An endpoint belongs to one thread for life, so each thread binds its own and tells main how that
/// went.
template <class Body>
std::future<Bound> Daemon::start_thread(Loop& loop, transport::EndpointOptions options, Body body) {
  std::promise<Bound> told;
  std::future<Bound> bound = told.get_future();
  threads_.emplace_back(
      [this, &loop, options = std::move(options), body, told = std::move(told)]() mutable {
        auto endpoint = transport::Endpoint::bind(*context_, options);
        if (!endpoint) return told.set_value(std::unexpected(endpoint.error()));
        loop.endpoint = std::move(*endpoint);
        told.set_value(loop.endpoint->addresses());
        body();
        loop.endpoint.reset();
      });
  return bound;
}

Expected<> Daemon::start_threads() {
  // Commands have one I/O thread, queries and history the other, so that commands do not delay
  // queries.
  transport::EndpointOptions history = endpoint_options("history", 3, 2);
  history.message_bytes_max = request_bytes_max;
  // U3, U4: its answers tell what an erasure must reach.
  history.wipes_sent = true;
  transport::EndpointOptions commands = endpoint_options("commands", 1, 1);
  commands.message_bytes_max = command_bytes_max;
  std::array<std::future<Bound>, 3> bound = {
      start_thread(writer_loop_, std::move(commands), [this] { turn_writer(); }),
      start_thread(reader_loop_, endpoint_options("queries", 2, 2),
                   [this] {
                     // It never opens what is sealed, and wipes the secrets it receives itself.
                     wipe_freed_memory(false);
                     turn_service(reader_loop_, *reader_);
                   }),
      start_thread(historian_loop_, std::move(history),
                   [this] { turn_service(historian_loop_, *historian_); })};
  threads_.emplace_back([this] { turn_auditor(); });
  calls_->start();
  std::array<Bound, 3> results = {bound[0].get(), bound[1].get(), bound[2].get()};
  for (const Bound& result : results)
    if (!result) return std::unexpected(result.error());
  if (auto started = start_metrics(); !started) return started;
  return tell_addresses(results);
}

Expected<> Daemon::start_metrics() {
  if (!config_.metrics) return {};
  const auto port = static_cast<std::uint16_t>(config_.port_base + metrics_port_offset);
  auto page = MetricsPage::start(config_.address, port, [this] { return metrics(); });
  if (!page) return std::unexpected(page.error());
  page_ = std::move(*page);
  return {};
}

Expected<> Daemon::tell_addresses(const std::array<Bound, 3>& bound) const {
  constexpr const auto& names = data::socket_names;
  const data::ServerKeys server = data::server_keys(*data_.keys);
  std::string file;
  for (std::size_t index = 0; index < bound.size(); ++index) {
    for (const std::string& address : *bound[index]) {
      const bool is_ipc = address.starts_with("ipc://");
      file += toml_line(std::string(names[index]) + (is_ipc ? "_ipc" : ""),
                        told_address(address, paths_.root));
      std::printf("%-12s%s\n", names[index], printable(address, 4'096).c_str());
    }
  }
  if (page_) {
    file += toml_line("metrics", page_->address());
    std::printf("%-12s%s\n", "metrics", page_->address().c_str());
  }
  file += toml_line("server_key", server.present);
  std::printf("%-12s%s\n", "server key", server.present.c_str());
  if (!server.next.empty()) {
    file += toml_line("next_server_key", server.next);
    std::printf("%-12s%s\n", "next key", server.next.c_str());
  }
  const std::string verifier = journal::verifier_text(data_.checkpoints->signer());
  file += toml_line("verifier_key", verifier);
  std::printf("%-12s%s\n", "verifier", verifier.c_str());
  std::fflush(stdout);
  if (auto written = data::write_server_key(paths_, *data_.keys); !written) return written;
  return platform::write_file(paths_.addresses(), std::as_bytes(std::span(file)));
}

// ---- threads

void Daemon::tick(Loop& loop) {
  loop.ticked.store(true, std::memory_order_relaxed);
  const transport::EndpointCounters counters = loop.endpoint->counters();
  loop.dropped_in.store(counters.dropped_in, std::memory_order_relaxed);
  loop.dropped_out.store(counters.dropped_out, std::memory_order_relaxed);
}

void Daemon::turn_writer() {
  transport::Endpoint& endpoint = *writer_loop_.endpoint;
  transport::Inbound inbound;
  // Once it is told to stop, the writer refuses what comes and finishes what it has.
  bool woken = true;
  for (bool done = false; !done;) {
    if (woken) writer_loop_.waker.clear();
    const bool last_turns = stopping_;
    writer_->turn();
    for (std::uint32_t taken = 0; taken < config_.group_max && endpoint.receive(inbound); ++taken)
      writer_->take({inbound.peer, inbound.identity, inbound.payload});
    // A disk that hangs is a writer that hangs.
    if (writer_->commit()) tick(writer_loop_);
    done = last_turns && writer_->drain();
    woken = !done && endpoint.wait(writer_loop_.waker.descriptor(), writer_->idle_ms());
  }
}

template <class Service>
void Daemon::turn_service(Loop& loop, Service& service) {
  constexpr int messages_a_turn = 256;
  transport::Inbound inbound;
  bool woken = true;
  while (!writer_ended_) {
    if (woken) loop.waker.clear();
    service.turn();
    for (int taken = 0; taken < messages_a_turn && loop.endpoint->receive(inbound); ++taken)
      service.take({inbound.peer, inbound.identity, inbound.payload});
    tick(loop);
    woken = loop.endpoint->wait(loop.waker.descriptor(), service.idle_ms());
  }
}

void Daemon::turn_auditor() {
  while (!writer_ended_) {
    auditor_loop_.waker.clear();
    auditor_->turn();
    wait_for(auditor_loop_.waker);
  }
}

// ---- main's own

bool Daemon::all_ticked() {
  const bool writer = writer_loop_.ticked.exchange(false);
  const bool reader = reader_loop_.ticked.exchange(false);
  const bool historian = historian_loop_.ticked.exchange(false);
  return context_->ticked() && writer && reader && historian;
}

void Daemon::wait_for_the_end(platform::Signals& signals) {
  platform::Notifier notifier;
  if (const auto told = notifier.ready(); !told) spdlog::warn("{}", told.error().sentence);
  spdlog::info("ready at seq {}", data_.journal->head().seq);
  const auto watchdog = notifier.watchdog_interval();
  const std::int64_t interval_ns = watchdog ? std::chrono::nanoseconds(*watchdog).count() / 3 : 0;
  std::int64_t due_ns = clock_.monotonic_ns() + interval_ns;
  while (true) {
    if (clock_.monotonic_ns() >= next_note_ns_) note_clock();
    pollfd waits[] = {{signals.descriptor(), POLLIN, 0}, {died_.descriptor(), POLLIN, 0}};
    const std::int64_t next_ns = watchdog ? std::min(due_ns, next_note_ns_) : next_note_ns_;
    const std::int64_t left_ns = std::max<std::int64_t>(next_ns - clock_.monotonic_ns(), 0);
    const int wait_ms = static_cast<int>(left_ns / millisecond_ns) + 1;
    platform::retried([&] { return ::poll(waits, 2, wait_ms); });
    if (authenticator_died_) break;
    // By the time: signals that come without end do not keep the service manager waiting.
    if (watchdog && clock_.monotonic_ns() >= due_ns) {
      due_ns = clock_.monotonic_ns() + interval_ns;
      if (all_ticked())
        if (const auto told = notifier.alive(); !told) spdlog::warn("{}", told.error().sentence);
    }
    const auto signal = signals.take();
    if (signal == SIGHUP)
      spdlog::info("SIGHUP changes nothing: the settings are read when the daemon starts");
    else if (signal)
      break;
  }
  spdlog::info("stopping");
  if (const auto told = notifier.stopping(); !told) spdlog::warn("{}", told.error().sentence);
}

Expected<> Daemon::stop() {
  calls_->hand_over_all();
  stopping_ = true;
  page_.reset();
  writer_loop_.waker.wake();
  // The writer needs the reader to the end: its last receipts wait until queries show what they
  // say.
  threads_.front().join();
  writer_ended_ = true;
  for (Loop* loop : {&reader_loop_, &historian_loop_, &auditor_loop_}) loop->waker.wake();
  for (std::size_t index = 1; index < threads_.size(); ++index) threads_[index].join();
  calls_->stop();
  // The pool's threads post to the services: they go first.
  pool_.reset();
  std::error_code ignored_if_never_written;
  fs::remove(paths_.addresses(), ignored_if_never_written);
  // The threads are gone, so it is main's.
  if (const auto made = data_.checkpoints->make(); !made)
    alarm("no checkpoint can be made, the one before stands: " + made.error().sentence);
  note_clock();
  const auto closed = data_.journal->close();
  if (closed && !vitals_.degraded)
    keep(paths_, data_, {writer_->state(), writer_->ids(), last_read_whole()}, config_);
  if (closed) spdlog::info("stopped at seq {}", data_.journal->head().seq);
  return closed;
}

std::vector<std::string> Daemon::warnings() const {
  std::vector<std::string> told;
  const bool loopback = config_.address == "::1" || config_.address.starts_with("127.");
  std::error_code error;
  if (!loopback && fs::exists(paths_.owner_key(), error))
    told.push_back(
        "the owner's secret key lies in the data folder while the daemon listens beyond this "
        "machine: move it away");
  if (config_.cost.memory_kib < memory_floor_kib)
    told.push_back("passwords are hashed with " + std::to_string(config_.cost.memory_kib) +
                   " KiB, below the floor of 19456 KiB");
  if (config_.anchor == journal::AnchorPolicy::off)
    told.push_back("the anchor is off: a cut tail of the journal would go unnoticed");
  if (!data_.keys->memory_locked())
    told.push_back("keys are not locked in memory: raise the limit on locked memory");
  if (const std::string next = data::server_keys(*data_.keys).next; !next.empty())
    told.push_back("the server's key is to become " + next +
                   ": give it to every client, then run posternd rotate-server-key --finish");
  if (vitals_.clock_ahead_ns > 0)
    told.push_back("the clock has jumped " + in_words(vitals_.clock_ahead_ns) +
                   " ahead and is not believed");
  if (const std::int64_t behind_ns = vitals_.clock_behind_ns;
      behind_ns > service::Present::behind_max_ns)
    told.push_back("the clock is " + in_words(behind_ns) + " behind the newest record" +
                   (vitals_.clock_suspect
                        ? ""
                        : ", as an operator confirmed: until it has passed, commands are recorded "
                          "with that record's time, and what expires is judged by it"));
  if (vitals_.scrub_hindered)
    told.push_back(
        "the journal cannot be checked now, see the diagnostics: it is tried again each minute");
  return told;
}

Metrics Daemon::metrics() const {
  Metrics made;
  made.not_ready = service::refusing_now(vitals_);
  made.gauges = {
      {"seq", "Place of the newest record that questions are answered from.",
       static_cast<double>(std::max(mail_.shown_seq(), first_seq_))},
      {"degraded", "1: the journal failed, or an erasure is unfinished; commands are refused.",
       vitals_.degraded ? 1.0 : 0.0},
      {"disk_low", "1: free space is under the floor, commands are refused.",
       vitals_.disk_low ? 1.0 : 0.0},
      {"clock_suspect", "1: the clock is not believed, commands are refused.",
       vitals_.clock_suspect ? 1.0 : 0.0},
      {"clock_behind_seconds",
       "How far the clock is behind the newest record, by whose time all is judged meanwhile.",
       static_cast<double>(vitals_.clock_behind_ns) / second_ns},
      {"clock_ahead_seconds", "How far the clock has jumped ahead of what is believed.",
       static_cast<double>(vitals_.clock_ahead_ns) / second_ns},
      {"disk_free_bytes", "Free space of the data folder's file system.",
       static_cast<double>(vitals_.disk_free)},
      {"checkpoint_seq", "The newest checkpoint covers the records up to this; 0: none yet.",
       static_cast<double>(vitals_.checkpoint_seq)},
      {"passwords_waiting", "Password questions that wait for a thread.",
       static_cast<double>(pool_->waiting())},
  };
  constexpr std::string_view help = "Since the start; as in 'postern status'.";
  for (auto& [name, value] : counters())
    if (name != "passwords_waiting")
      made.counters.push_back({name + "_total", help, static_cast<double>(value)});
  return made;
}

std::vector<std::pair<std::string, std::uint64_t>> Daemon::counters() const {
  std::vector<std::pair<std::string, std::uint64_t>> told = {
      {"commands", vitals_.commands},
      {"commands_refused", vitals_.commands_refused},
      {"commands_repeated", vitals_.commands_repeated},
      {"records", vitals_.records},
      {"groups", vitals_.groups},
      {"queries", vitals_.queries},
      {"decisions", vitals_.decisions},
      {"password_checks", vitals_.password_checks},
      {"password_hashes", vitals_.password_hashes},
      {"history_requests", vitals_.history_requests},
      {"malformed", vitals_.malformed},
      {"strangers", vitals_.strangers},
      {"busy", vitals_.busy},
      {"scrubbed_records", vitals_.scrubbed_records},
      {"scrub_passes", vitals_.scrub_passes},
      {"handshakes_denied", context_->denied()},
      {"connections_closed", transport::connections_closed()},
      {"passwords_waiting", pool_->waiting()},
  };
  std::ranges::move(calls_->counters(), std::back_inserter(told));
  const std::pair<const char*, const Loop*> loops[] = {
      {"commands", &writer_loop_}, {"queries", &reader_loop_}, {"history", &historian_loop_}};
  for (const auto& [name, loop] : loops) {
    told.emplace_back(std::string(name) + "_dropped_in", loop->dropped_in);
    told.emplace_back(std::string(name) + "_dropped_out", loop->dropped_out);
  }
  return told;
}

void start_diagnostics(const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>("posternd",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace

static void tell_what_was_read(const RunOptions& options, const data::OpenedData& data) {
  const std::uint64_t last = data.journal->head().seq;
  const std::size_t users = data.state.tables().live_user_count();
  if (data.snapshot_seq == 0)
    spdlog::info("{} {} records, {} users", options.verify ? "verified every byte of" : "read",
                 last, users);
  else
    spdlog::info("read {} records, {} users, from snapshot of record {}, {} records after it", last,
                 users, data.snapshot_seq, last - data.snapshot_seq);
}

static void tell_of_clock(const ClockAtStart& began, const service::Present& clock) {
  if (!began.note_trouble.empty()) spdlog::warn("{}", began.note_trouble);
  if (began.ahead_ns > day_ns)
    spdlog::warn("the clock is {} ahead of the newest sign of life in the data folder",
                 in_words(began.ahead_ns));
  if (const auto standing = clock.standing(); standing.confirmed)
    spdlog::warn(
        "the clock is {} behind the newest record, as an operator confirmed: until it has passed, "
        "commands are recorded with that record's time",
        in_words(standing.behind_ns));
}

/// So that a start that took long takes long once, however the daemon ends.
static void keep_early(const RunOptions& options, data::OpenedData& data) {
  // A snapshot is used only up to what was signed or acknowledged.
  if (const auto made = data.checkpoints->make(); !made)
    spdlog::warn("no checkpoint can be made: {}", made.error().sentence);
  if (keep(data::DataPaths(options.data), data, {data.state, data.ids, data.read_whole_ns},
           options.config))
    data.snapshot_seq = data.journal->head().seq;
}

static void tell_closed_connections(std::uint64_t closed) {
  spdlog::warn(
      "no descriptors are left for more connections: {} were closed at once since the start",
      closed);
}

Expected<> run_daemon(const RunOptions& options) {
  start_diagnostics(options.config.level);
  if (auto hardened = platform::harden_process(); !hardened) return hardened;
  const auto connections_end = platform::connection_descriptors_end(platform::descriptor_limit());
  if (!connections_end) return std::unexpected(connections_end.error());
  transport::bound_connections(*connections_end, tell_closed_connections);
  platform::Signals signals;
  const platform::SystemClock system;
  service::Present clock(system);
  platform::SystemEntropy entropy;
  const data::OpenOptions open{
      options.config.anchor,
      {std::int64_t{options.config.id_window_hours} * hour_ms, 300'000},
      std::uint64_t{options.config.disk_floor_mib} << 20U,
      std::uint64_t{options.config.disk_reserve_mib} << 20U,
      !options.verify,
      [](std::uint64_t seq) { spdlog::info("reading the journal: {} records", seq); },
      [](const std::string& sentence) { spdlog::warn("{}", sentence); }};
  auto data = data::open_data_folder(options.data, open, clock, entropy);
  if (!data) return std::unexpected(data.error());
  tell_what_was_read(options, *data);
  const auto began =
      begin_with_clock(data::DataPaths(options.data), *data, options.confirm_clock, clock);
  if (!began) return std::unexpected(began.error());
  tell_of_clock(*began, clock);
  if (data->journal->head().seq - data->snapshot_seq > folded_records_max)
    keep_early(options, *data);
  return Daemon(options, clock, std::move(*data)).run(signals);
}

}  // namespace postern::running
