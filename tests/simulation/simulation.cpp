#include "tests/simulation/simulation.h"

#include <algorithm>
#include <utility>

#include "daemon/platform/require.h"
#include "schema/identifiers.h"
#include "tests/simulation/simulated_hash_pool.h"

namespace postern::simulation {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t set_back_max_ms = 200'000;
constexpr std::size_t under_way_max = 60;

}  // namespace

Simulation::Simulation(const Plan& plan)
    : plan_(plan),
      random_(plan.seed),
      newest_ns_(clock_.now_ns()),
      entropy_(plan.seed + 1),
      keys_(plan.seed),
      disk_(plan.on_leveldb ? file_disk(plan.broken.disk_forgets)
                            : memory_disk(plan.broken.disk_forgets)),
      workload_(plan.seed, random_, clock_),
      ledger_(findings_) {
  ledger_.on_record = [this](const schema::Record& record) { note_password(record); };
}

const Findings& Simulation::run() {
  seed_salts(plan_.seed);
  make_journal();
  start_server();
  if (!is_wrong()) begin();
  if (!is_wrong()) trouble();
  if (!is_wrong()) calm();
  if (!is_wrong()) end();
  server_.reset();
  tally_.disk_faults = disk_->fired();
  return findings_;
}

/// Record 1, as the daemon's `init` makes it.
void Simulation::make_journal() {
  schema::RecordT record;
  record.seq = 1;
  record.time_ns = clock_.now_ns();
  record.operator_id = std::make_unique<schema::Uuid>(domain::daemon_operator);
  record.role = schema::Role::daemon;
  record.command_id = std::make_unique<schema::Uuid>(1, 1);
  schema::OperatorAddedT added;
  added.operator_id = std::make_unique<schema::Uuid>(1, 2);
  added.name = "owner";
  added.role = schema::Role::owner;
  added.standing = std::make_unique<schema::OperatorStandingT>();
  added.standing->uid = 1;
  added.standing->all_tenants = true;
  record.events.emplace_back(std::make_unique<schema::EventT>())->body.Set(std::move(added));
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateRecord(builder, &record), schema::record_identifier);
  const journal::View bytes =
      std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  {
    const auto opened = disk_->open([](std::uint64_t, journal::View) { return Expected<>(); });
    require(opened && (*opened)->append(0, {&bytes, 1}));
  }
  disk_->restore(random_, false);
}

void Simulation::start_server() {
  credential::HashPool::Limits pool;
  // Small, so that `busy` is told.
  pool.waiting_max = is_calm_ ? 1'000 : 3 + random_.below(6);
  server_ = Server::start(
      {*disk_, keys_, clock_, confirmed_until_ns_, is_calm_ || random_.one_in(2), entropy_,
       plan_.broken,
       [this](const service::Peer& peer, std::span<const std::uint8_t> payload) {
         on_receipt(peer.routing_id, payload);
       },
       [this](const service::Peer& peer, std::span<const std::uint8_t> payload) {
         on_answer(peer.routing_id, payload);
       },
       [this] { return disk_is_full_ ? std::uint64_t{0} : std::uint64_t{1} << 40U; }, pool},
      findings_);
  if (server_ == nullptr) return;
  ledger_.compare(*server_->journal);
  ledger_.follow(*server_->journal);
  // Whatever was under way has happened or never will.
  for (const auto& [name, held] : std::exchange(held_, {}))
    if (!commands_[held.index].dry_run) beliefs_.learned(commands_[held.index].effects, 0);
  // K5: what was not acknowledged may have happened.
  for (const Command& command : commands_)
    if (const auto seq = ledger_.seq_of(command.id)) beliefs_.found(command.effects, *seq);
  asked_.clear();
}

void Simulation::restart(bool power_goes) {
  // Appended, and nobody will be told.
  if (server_->append_waits() && random_.one_in(2)) server_->run_append();
  if (power_goes) {
    disk_->lose_power();
    ++tally_.power_cuts;
  }
  server_.reset();
  disk_->restore(random_, power_goes);
  clock_.advance_ms(static_cast<std::int64_t>(random_.below(2'000)));
  start_server();
}

// ---- clients

void Simulation::send(Command command) {
  if (!command.password.empty())
    setting_password_[{command.id.high(), command.id.low()}] = commands_.size();
  command.next_try_ns = clock_.monotonic_ns() + second_ns;
  commands_.push_back(std::move(command));
  network_.push_back({Packet::Way::command, commands_.size() - 1, {}});
}

void Simulation::ask(Question question) {
  questions_.push_back(std::move(question));
  network_.push_back({Packet::Way::question, questions_.size() - 1, {}});
}

void Simulation::send_again() {
  for (std::size_t index = 0; index < commands_.size(); ++index) {
    Command& command = commands_[index];
    if (command.done || clock_.monotonic_ns() < command.next_try_ns) continue;
    command.next_try_ns = clock_.monotonic_ns() + second_ns;
    network_.push_back({Packet::Way::command, index, {}});
  }
}

std::size_t Simulation::unfinished() const {
  return static_cast<std::size_t>(
      std::ranges::count(commands_, false, [](const Command& command) { return command.done; }));
}

void Simulation::client_step() {
  if (network_.size() > under_way_max || unfinished() > under_way_max) return send_again();
  switch (random_.below(8)) {
    case 0:
    case 1:
    case 2:
      return send(workload_.command(server_->writer->state()));
    case 3:
      if (random_.one_in(12)) flood();
      return send_again();
    default:
      return ask(workload_.question(tokens_, newest_receipt_));
  }
}

/// So many at once that they are appended beside the writer.
void Simulation::flood() {
  for (int count = 0; count < 50; ++count) send(workload_.harmless());
  deliver_all();
}

// ---- network

void Simulation::deliver(std::size_t place) {
  std::swap(network_[place], network_.back());
  const Packet packet = std::move(network_.back());
  network_.pop_back();
  if (!is_calm_) {
    if (is_cut_off_ || random_.one_in(12)) return;
    if (random_.one_in(12)) network_.push_back(packet);
  }
  switch (packet.way) {
    case Packet::Way::command:
      return take_command(packet.index);
    case Packet::Way::question:
      return take_question(packet.index);
    case Packet::Way::receipt:
      return receive_receipt(packet);
    case Packet::Way::answer:
      return receive_answer(packet);
  }
}

void Simulation::deliver_all() {
  for (std::size_t count = network_.size(); count > 0 && !network_.empty() && !is_wrong(); --count)
    deliver(random_.below(network_.size()));
}

void Simulation::take_command(std::size_t index) {
  const Command& command = commands_[index];
  const std::string from = "c" + std::to_string(++copies_);
  held_[from] = {index, ledger_.seq_of(command.id)};
  if (!command.dry_run) beliefs_.took(command.effects);
  std::vector<std::byte> bytes = command.bytes;
  server_->writer->take({service::Peer{from, 0, false}, command.identity, bytes});
}

void Simulation::take_question(std::size_t index) {
  const Question& question = questions_[index];
  const std::string from = "q" + std::to_string(++copies_);
  Asked asked{index, newest_receipt_, beliefs_.frees(question.user),
              beliefs_.is_surely_denied(question.user), false};
  if (question.kind == Question::Kind::by_token)
    asked.session_over = beliefs_.is_session_over(question.user, tokens_[question.token].made_seq);
  asked_[from] = asked;
  std::vector<std::byte> bytes = question.bytes;
  server_->reader->begin_turn();
  server_->reader->take({service::Peer{from, 0, false}, question.identity, bytes});
}

// ---- what happens

void Simulation::turn_writer() {
  server_->writer->turn();
  server_->writer->commit();
}

/// By hours, days or years, ahead or back; or it is right again.
void Simulation::set_clock_far() {
  constexpr std::int64_t hour_ms = 3'600'000;
  static const std::vector<std::int64_t> farthest_ms = {2 * hour_ms, 72 * hour_ms,
                                                        3 * 365 * 24 * hour_ms};
  if (!clock_is_far_) {
    ++tally_.clock_jumps;
    const auto far_ms = static_cast<std::int64_t>(
        random_.below(static_cast<std::size_t>(random_.any(farthest_ms))));
    random_.one_in(2) ? clock_.set_forward_ms(far_ms) : clock_.set_back_ms(far_ms);
  } else {
    clock_.set_right();
  }
  clock_is_far_ = !clock_is_far_;
}

void Simulation::clock_step() {
  const std::int64_t before_ns = clock_.now_ns();
  if (random_.one_in(clock_is_far_ ? 4 : 40)) {
    set_clock_far();
  } else if (random_.one_in(12)) {
    clock_.advance_ms(static_cast<std::int64_t>(random_.below(1'200'000)));
  } else if (random_.one_in(12)) {
    const std::int64_t behind_ms = (newest_ns_ - before_ns) / 1'000'000;
    clock_.set_back_ms(static_cast<std::int64_t>(random_.below(
        static_cast<std::size_t>(set_back_max_ms - std::min(behind_ms, set_back_max_ms - 1)))));
  } else {
    clock_.advance_ms(static_cast<std::int64_t>(random_.below(1'500)));
  }
  newest_ns_ = std::max(newest_ns_, clock_.now_ns());
}

void Simulation::step() {
  switch (random_.below(20)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return client_step();
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
      if (!network_.empty()) deliver(random_.below(network_.size()));
      return;
    case 11:
      if (random_.one_in(4)) deliver_all();
      return;
    case 12:
    case 13:
      return turn_writer();
    case 14:
    case 15:
      return server_->turn_reader();
    case 16:
      if (hash_work_waiting() > 0) run_hash_work(random_.below(hash_work_waiting()));
      return;
    case 17:
      if (server_->append_waits()) {
        ++tally_.appends_beside;
        server_->run_append();
      }
      return;
    case 18:
      return server_->return_published(
          [this](const service::Published& published) { on_published(published); });
    default:
      return clock_step();
  }
}

void Simulation::trouble_step() {
  if (random_.one_in(150) || (server_->is_degraded() && random_.one_in(20)))
    return restart(!random_.one_in(4));
  if (random_.one_in(200)) disk_->plan_trouble(random_);
  if (random_.one_in(disk_is_full_ ? 20 : 250)) disk_is_full_ = !disk_is_full_;
  if (random_.one_in(is_cut_off_ ? 10 : 150)) is_cut_off_ = !is_cut_off_;
}

void Simulation::turn_all() {
  deliver_all();
  while (hash_work_waiting() > 0) run_hash_work(random_.below(hash_work_waiting()));
  turn_writer();
  while (server_->append_waits()) server_->run_append();
  turn_writer();
  server_->turn_reader();
  server_->return_published(
      [this](const service::Published& published) { on_published(published); });
  server_->writer->turn();
}

/// Until nothing is under way; false, with a finding, if that does not come about.
bool Simulation::settle(int rounds) {
  const auto is_done = [&] {
    return unfinished() == 0 && network_.empty() && asked_.empty() && held_.empty();
  };
  for (int round = 0; round < rounds && !is_wrong(); ++round) {
    turn_all();
    if (is_done()) return true;
    clock_.advance_ms(100);
    newest_ns_ = std::max(newest_ns_, clock_.now_ns());
    send_again();
  }
  if (!is_wrong())
    find("no progress: " + std::to_string(unfinished()) + " commands, " +
         std::to_string(asked_.size()) + " questions, " + std::to_string(held_.size()) +
         " copies are still under way");
  return false;
}

void Simulation::begin() {
  for (Command& command : workload_.beginning()) {
    send(std::move(command));
    if (!settle(20)) return;
  }
  for (const auto& [index, receipt] : first_receipts_)
    if (receipt.code != schema::Code::ok) find("the beginning is refused");
  if (first_receipts_.size() != commands_.size()) find("the beginning is not recorded");
}

void Simulation::trouble() {
  is_calm_ = false;
  for (int count = 0; count < plan_.steps && !is_wrong(); ++count) {
    trouble_step();
    if (!is_wrong()) step();
  }
}

void Simulation::calm() {
  is_calm_ = true;
  is_cut_off_ = false;
  disk_is_full_ = false;
  clock_.set_right();
  restart(false);
  if (is_wrong() || !settle(200)) return;
  take_fresh_ids();
  if (is_wrong()) return;
  is_quiet_ = true;
  for (const std::string& user : workload_.users()) {
    ask(workload_.check_of(user));
    ask(workload_.password_question(user, password_of_[user]));
  }
  settle(20);
}

/// K1: whatever the clock was, once it is right a fresh id is taken.
void Simulation::take_fresh_ids() {
  const std::uint64_t expired = tally_.ids_expired;
  for (int count = 0; count < 3; ++count) send(workload_.harmless());
  settle(20);
  if (tally_.ids_expired != expired) find("K1: a fresh id is refused though the clock is right");
}

void Simulation::end() {
  turn_all();
  if (!server_->writer->drain() || !server_->is_idle()) find("something is left waiting");
  compare_states();
  restart(false);
  if (is_wrong()) return;
  compare_states();
  tally_.records = ledger_.seq();
  root_ = server_->journal->head().root;
}

}  // namespace postern::simulation
