#include "daemon/service/writer.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "daemon/credential/signature.h"
#include "daemon/domain/authorize.h"
#include "daemon/platform/require.h"
#include "daemon/service/permissions.h"
#include "daemon/service/personal.h"
#include "daemon/service/use_letters.h"
#include "schema/signed_message.h"

namespace postern::service {

namespace {

using schema::Code;
using schema::CommandBody;

constexpr std::int64_t minute_ns = 60'000'000'000;
constexpr std::int64_t watch_interval_ns = 1'000'000'000;
constexpr std::uint32_t retry_after_ms = 200;

const domain::Operator& daemon_entry() {
  static const domain::Operator entry = [] {
    domain::Operator made;
    made.id = domain::daemon_operator;
    made.name = "daemon";
    made.role = schema::Role::daemon;
    made.all_tenants = true;
    return made;
  }();
  return entry;
}

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : text->string_view();
}

/// What a command is about, for waiting behind another about the same.
std::string held_name(const domain::State& state, const schema::CommandMessage& message,
                      const schema::Command& command) {
  std::string_view name = view(command.user());
  if (const auto* create = command.body_as_CreateUser()) name = view(create->username());
  if (command.user_id() != nullptr)
    if (const domain::User* user = state.tables().find_user(*command.user_id()))
      name = user->username;
  return std::string(view(message.tenant())) + '/' + domain::fold_name(name);
}

/// One import of a provider's ranges may have 4 MiB, a batch 1 MiB, any other command 64 KiB.
std::size_t bytes_max_of(const schema::CommandMessage& message) {
  const auto& commands = *message.commands();
  if (commands.size() > 1) return batch_bytes_max;
  const bool imports =
      commands.size() == 1 && commands[0]->body_type() == schema::CommandBody::ImportRanges;
  return imports ? command_limits.bytes_max : single_bytes_max;
}

// In the unit of Draft::work: opening, hashing, answering; making a problem and packing it.
constexpr std::size_t message_work = 50;
constexpr std::size_t bytes_of_work = 64;
constexpr std::size_t problem_work = 10;

bool has(const std::vector<schema::ProblemT>& problems, Code code) {
  return std::ranges::find(problems, code, &schema::ProblemT::code) != problems.end();
}

/// C9: the refusal of a user's own change takes a hash, as its success would.
bool takes_time(const CommandTask& task, const domain::Operator& asker) {
  const auto& commands = *task.message->commands();
  return asker.role == schema::Role::service && commands.size() == 1 && !task.message->dry_run() &&
         commands[0]->body_type() == schema::CommandBody::ChangePassword && task.jobs.empty();
}

}  // namespace

Writer::Writer(Parts parts, Settings settings, Outlets outlets, domain::State state,
               domain::CommandIds ids)
    : parts_(parts),
      settings_(settings),
      outlets_(std::move(outlets)),
      state_(std::move(state)),
      ids_(std::move(ids)),
      first_shown_(state_.seq()),
      head_(parts.journal.head()),
      maker_(parts.keys, parts.entropy),
      waiting_places_(settings.waiting_max),
      turn_places_(settings.turn_places_max),
      hashing_places_(settings.hashing_places_max),
      refusals_on_time_(settings.refusal_step_ns),
      hashed_(parts.waker),
      appended_(parts.waker) {
  parts_.clock.passed(state_.time_ns());
  watch_clock();
}

// ---- a turn

void Writer::turn() {
  watch_clock();
  appended_.drain([&](std::unique_ptr<Appended> appended) { finish(appended->durable); });
  send_shown();
  parts_.mail.writer_returned.drain([](std::unique_ptr<Published>) {});
  parts_.mail.writer_attempts.drain(
      [&](std::unique_ptr<Attempt> attempt) { take_attempt(std::move(attempt)); });
  parts_.mail.writer_uses.drain(
      [&](std::unique_ptr<UseLetter> letter) { take_use(std::move(letter)); });
  hashed_.drain([&](Task task) { hashed(std::move(task)); });
  const std::int64_t monotonic_ns = parts_.clock.monotonic_ns();
  if (monotonic_ns < next_watch_ns_) return;
  next_watch_ns_ = monotonic_ns + watch_interval_ns;
  watch_disk();
  ids_.forget_before(parts_.clock.believed_ns() / 1'000'000);
}

void Writer::open(const Inbound& inbound, std::int64_t came_ns, Owed::Claim owed) {
  work_ += message_work + inbound.payload.size() / bytes_of_work;
  auto opened = open_message<schema::CommandMessage>(
      inbound.payload, schema::command_message_identifier, command_limits);
  if (!opened) return turn_away(inbound, std::move(opened.error()));
  watch_clock();
  auto task = std::make_unique<CommandTask>(std::move(*opened));
  task->peer = inbound.peer;
  task->identity = inbound.identity;
  task->came_ns = came_ns;
  task->owed = std::move(owed);
  if (!maker_.take_apart(*task))
    return turn_away(inbound, make_problem(Code::malformed_message, ""));
  if (carries_secret(*task) || carries_personal_data(*task->message))
    credential::wipe(inbound.payload);
  admit(std::move(task));
}

/// What did not pass the gate.
void Writer::turn_away(const Inbound& inbound, schema::ProblemT problem) {
  credential::wipe(inbound.payload);
  count(parts_.vitals.malformed);
  Unrecorded made;
  made.problems.push_back(std::move(problem));
  group_.add({inbound.peer, Uuid(), receipt_of(std::move(made))});
}

bool Writer::commit() {
  go_on();
  record_due_refusals();
  if (is_syncing_) return false;
  if (group_.empty()) return true;
  if (group_.operators_changed) group_.identities = identities_in(state_.tables());
  group_.published->time_ns = state_.time_ns();
  std::swap(group_, syncing_);
  // Keys take a few syncs to destroy.
  if (syncing_.records.size() < records_beside_min && syncing_.erased.empty()) {
    finish(append());
    send_shown();
    return true;
  }
  is_syncing_ = true;
  parts_.run_beside([this] {
    auto appended = std::make_unique<Appended>();
    appended->durable = append();
    appended_.post(std::move(appended));
  });
  return true;
}

/// On whichever thread: it touches the journal and what stands still meanwhile.
Writer::Durable Writer::append() {
  if (syncing_.records.empty()) return {head_, {}};
  std::vector<journal::View> records;
  for (const Message& record : syncing_.records)
    records.push_back(std::as_bytes(std::span(record.data(), record.size())));
  const auto* first = flatbuffers::GetRoot<schema::Record>(syncing_.records.front().data());
  const auto appended = parts_.journal.append(first->seq() - 1, records);
  if (!appended) return {std::unexpected(appended.error()), {}};
  // U11: what is erased is in the journal first, so that no stop in between is forgotten.
  return {parts_.journal.head(),
          syncing_.erased.empty() ? Expected<>() : parts_.keys.erase(syncing_.erased)};
}

/// Law 3: if it failed, nothing decided in this group or on it ever leaves, and the state that
/// holds it is never used again.
void Writer::finish(const Durable& durable) {
  is_syncing_ = false;
  const Expected<journal::Head>& appended = durable.head;
  if (!durable.erased) {
    // The record stands, and the next opening finishes what it says.
    parts_.vitals.erase_unfinished = true;
    parts_.vitals.degraded = true;
    outlets_.alarm("an erased user's key could not be destroyed, no command is taken now: " +
                   durable.erased.error().sentence +
                   " Mend the disk that holds the keys and restart the daemon, which finishes it.");
    leave_unacknowledged(syncing_.replies);
    leave_unacknowledged(group_.replies);
  }
  if (appended) {
    if (!syncing_.records.empty()) count(parts_.vitals.groups);
    parts_.vitals.records.fetch_add(syncing_.records.size(), std::memory_order_relaxed);
  } else {
    parts_.vitals.degraded = true;
    outlets_.alarm("the journal failed, nothing is acknowledged from now on: " +
                   appended.error().sentence + " " + appended.error().remedy);
    revoked_.push_back(syncing_.revoke());
    revoked_.push_back(group_.revoke());
    revoke_secrets();
  }
  publish(appended.value_or(head_));
}

/// U11: the receipts of erasures that are not finished.
void Writer::leave_unacknowledged(std::vector<Reply>& replies) const {
  for (Reply& reply : replies)
    if (reply.erases) reply.revoke(Code::erase_unfinished);
}

/// Whoever has a receipt finds every later question answered from what it acknowledges.
void Writer::send_shown() {
  const domain::Seq shown = std::max(parts_.mail.shown_seq(), first_shown_);
  while (!unsent_.empty() && unsent_.front().seq <= shown) {
    for (const Reply& reply : unsent_.front().replies) {
      const std::span<const std::uint8_t> bytes(reply.receipt.data(), reply.receipt.size());
      if (reply.on_the_grid_since_ns)
        refusals_on_time_.keep(*reply.on_the_grid_since_ns, parts_.clock.monotonic_ns(), reply.peer,
                               bytes);
      else
        outlets_.send(reply.peer, bytes);
    }
    unsent_.pop_front();
  }
  if (!refusals_on_time_.empty())
    refusals_on_time_.send_due(parts_.clock.monotonic_ns(), outlets_.send);
}

std::int64_t Writer::idle_ms() const {
  constexpr std::int64_t longest_ms = 1'000;
  if (!turns_.empty() && !is_full()) return 0;
  if (refusals_on_time_.empty()) return longest_ms;
  const std::int64_t left_ns = refusals_on_time_.next_ns() - parts_.clock.monotonic_ns();
  return std::clamp<std::int64_t>(left_ns / 1'000'000 + 1, 1, longest_ms);
}

bool Writer::drain() {
  parts_.vitals.stopping = true;
  return hashing_ == 0 && turns_.empty() && waiting_.empty() && group_.empty() && !is_syncing_ &&
         unsent_.empty() && refusals_on_time_.empty();
}

void Writer::publish(const journal::Head& head) {
  if (!syncing_.replies.empty())
    unsent_.push_back(
        {syncing_.records.empty() ? 0 : head.seq, std::exchange(syncing_.replies, {})});
  syncing_.records.clear();
  syncing_.erased.clear();
  syncing_.bytes = 0;
  if (std::exchange(syncing_.operators_changed, false))
    outlets_.operators_changed(std::move(syncing_.identities));
  if (head.seq == head_.seq && syncing_.published->attempts.empty()) return;
  if (head.seq > head_.seq) parts_.clock.passed(syncing_.published->time_ns);
  head_ = head;
  syncing_.published->head = head;
  parts_.mail.reader_published.post(
      std::exchange(syncing_.published, std::make_unique<Published>()));
}

void Writer::Reply::revoke(Code code) {
  if (shows_secret)
    credential::wipe(std::as_writable_bytes(std::span(receipt.data(), receipt.size())));
  Unrecorded made;
  made.id = id;
  made.problems.push_back(make_problem(code, ""));
  receipt = receipt_of(std::move(made));
}

/// Durable, and not sent yet: a secret is worth nothing while the journal is broken, so it stays.
/// Asked again after a restart, the receipt says that the secret is to be made anew.
void Writer::revoke_secrets() {
  for (Unsent& unsent : unsent_)
    for (Reply& reply : unsent.replies)
      if (reply.shows_secret) reply.revoke();
}

void Writer::Group::add(Reply reply) {
  bytes += reply.receipt.size();
  replies.push_back(std::move(reply));
}

domain::Changes Writer::Group::revoke() {
  records.clear();
  erased.clear();
  for (Reply& reply : replies) reply.revoke();
  operators_changed = false;
  for (AttemptOutcome& outcome : published->attempts) outcome.code = Code::journal_unavailable;
  return std::exchange(published->changes, {});
}

// ---- one message's way

void Writer::admit(Task task) {
  const domain::Operator* asker = asker_of(*task);
  if (asker == nullptr) return count(parts_.vitals.strangers);
  // K1: what became of an id is told before what cannot be done now, which says nothing of it.
  if (answered_before(*task, *asker)) return;
  if (is_under_way(*task)) return wait(std::move(task), *asker);
  if (refused_at_the_gate(*task, *asker)) return;
  if (task->internal) return decide(std::move(task));
  if (must_wait(*task)) return wait(std::move(task), *asker);
  if (!task->message->dry_run() && !is_in_window(task->id()))
    return refuse(*task, Code::command_id_expired);
  decide(std::move(task));
}

void Writer::wait(Task task, const domain::Operator& asker) {
  task->holder = asker.id;
  task->places = places_of(task->message.bytes().size());
  if (!waiting_places_.take(task->holder, task->places)) return refuse(*task, Code::busy);
  waiting_.push_back(std::move(task));
}

bool Writer::refused_at_the_gate(CommandTask& task, const domain::Operator& asker) {
  const Code now = cannot_now();
  if (now != Code::ok) {
    refuse(task, now);
    return true;
  }
  if (task.internal) return false;
  std::vector<schema::ProblemT> problems = domain::message_problems(*task.message);
  const bool has_commands =
      task.message->commands() != nullptr && task.message->commands()->size() > 0;
  const std::size_t bytes = task.message.bytes().size();
  if (has_commands && bytes > bytes_max_of(*task.message))
    problems.push_back(
        make_problem(Code::too_large, "", limit_and_size(bytes_max_of(*task.message), bytes)));
  if (has_commands) {
    std::uint32_t index = 0;
    for (const schema::Command* command : *task.message->commands()) {
      const auto kind =
          command->body() == nullptr ? schema::CommandBody::NONE : command->body_type();
      if (auto refused = refusal(asker, kind)) {
        refused->index = index;
        problems.push_back(std::move(*refused));
      }
      ++index;
    }
  }
  if (problems.empty()) check_signature(task, asker, problems);
  if (problems.empty()) return false;
  refuse(task, std::move(problems));
  return true;
}

/// O4: one that is there must be the asker's; a tenant's policy says whether one must be.
void Writer::check_signature(const CommandTask& task, const domain::Operator& asker,
                             std::vector<schema::ProblemT>& problems) const {
  if (!schema::is_signed(*task.message)) {
    const domain::Tenant* tenant =
        domain::find_tenant_in_scope(state_, asker, view(task.message->tenant()));
    if (tenant != nullptr && tenant->policies.signatures_required)
      problems.push_back(make_problem(Code::signature_missing, "signature"));
    return;
  }
  credential::Signature signature;
  std::memcpy(signature.data(), task.message->signature()->data(), signature.size());
  const auto is_its = [&](const std::array<std::uint8_t, 32>& key) {
    return credential::verify_signature(std::bit_cast<credential::SigningPublicKey>(key),
                                        task.signed_message, signature);
  };
  if (!std::ranges::any_of(asker.signing_keys, is_its))
    problems.push_back(make_problem(Code::signature_invalid, "signature",
                                    asker.signing_keys.empty()
                                        ? "The operator has no signing key."
                                        : "None of the operator's signing keys made it."));
}

Code Writer::cannot_now() const { return cannot_record(parts_.vitals); }

void Writer::decide(Task task) {
  const domain::Operator& asker = *asker_of(*task);
  if (task->materials.empty()) {
    if (const auto made = maker_.prepare(*task, state_, now_ns()); !made) {
      outlets_.alarm("no key for a new user: " + made.error().sentence);
      return refuse(*task, Code::busy);
    }
  }
  const domain::Context context{now_ns(), &asker, &*task->message};
  domain::Draft draft = domain::decide_message(state_, context, task->materials);
  work_ += draft.work;
  if (!draft.is_fact() && !draft.problems.empty()) {
    maker_.give_back_keys(*task);
    task->refusals = std::move(draft.problems);
    if (takes_time(*task, asker)) {
      task->jobs.emplace_back().for_time_alone = true;
      return hash(std::move(task), asker);
    }
    return refuse(*task, std::move(task->refusals));
  }
  if (task->message->dry_run()) {
    state_.revert(draft.changes);
    maker_.give_back_keys(*task);
    Unrecorded made{task->id(), std::move(draft.problems), std::move(draft.events), true, 0};
    return reply(*task, receipt_of(std::move(made)));
  }
  if (task->jobs.empty() && carries_password(*task)) {
    state_.revert(draft.changes);
    task->jobs = maker_.hash_jobs(*task, state_, now_ns());
    return hash(std::move(task), asker);
  }
  record(*task, std::move(draft), context);
}

void Writer::record(CommandTask& task, domain::Draft draft, const domain::Context& context) {
  if (task.internal) group_.published->attempts.push_back({task.ticket, Code::ok});
  if (!draft.is_fact()) return;
  Message sealed =
      domain::seal_record(draft, state_, context, {task.contents_hash, task.signed_message});
  const auto* stored = flatbuffers::GetRoot<schema::Record>(sealed.data());
  const std::size_t erased_before = group_.erased.size();
  for (const schema::EventT& event : draft.events)
    if (event.body.type == schema::EventBody::UserErased)
      group_.erased.push_back(slot_of(state_.tables().find_user(*event.user)->key));
  if (!task.internal) {
    reply(task, receipt_of(*stored, std::move(draft.events), task.made_keys));
    group_.replies.back().erases = group_.erased.size() > erased_before;
    ids_.remember(context.asker->id, task.id(), state_.seq());
  }
  group_.bytes += sealed.size();
  group_.records.push_back(std::move(sealed));
  group_.operators_changed |= !draft.changes.operators.empty();
  group_.published->changes.append(std::move(draft.changes));
}

// ---- passwords

namespace {

struct HashRun {
  const TaskMaker& maker;
  credential::HashPool& pool;
  Mailbox<CommandTask>& done;
  /// What has not begun by then never does.
  const std::atomic<bool>& stopping;
  credential::PasswordCost cost;
  credential::Turn turn;
};

/// One job a turn, so that a long batch does not keep a thread from others.
void run_next_job(const HashRun& run, std::shared_ptr<std::unique_ptr<CommandTask>> holder) {
  const bool accepted = run.pool.submit(run.turn, [run, holder] {
    CommandTask& task = **holder;
    task.abandoned = task.jobs_done == 0 && run.stopping;
    if (task.abandoned) return run.done.post(std::move(*holder));
    if (const auto ran = run.maker.run(task, task.jobs[task.jobs_done], run.cost); !ran)
      task.trouble = ran.error();
    ++task.jobs_done;
    if (task.jobs_done == task.jobs.size() || task.trouble)
      return run.done.post(std::move(*holder));
    run_next_job(run, holder);
  });
  if (accepted) return;
  (*holder)->pool_was_full = true;
  run.done.post(std::move(*holder));
}

}  // namespace

void Writer::hash(Task task, const domain::Operator& asker) {
  require(!task->jobs.empty());
  task->holder = asker.id;
  task->places = task->message.bytes().size() / place_bytes;
  if (!hashing_places_.take(task->holder, task->places)) {
    maker_.give_back_keys(*task);
    return refuse(*task, Code::busy);
  }
  hold(*task);
  ++hashing_;
  const domain::Tenant* tenant =
      domain::find_tenant_in_scope(state_, asker, view(task->message->tenant()));
  const credential::Turn turn{asker.id, tenant == nullptr ? Uuid() : tenant->id};
  run_next_job({maker_, parts_.pool, hashed_, parts_.vitals.stopping, settings_.cost, turn},
               std::make_shared<Task>(std::move(task)));
}

void Writer::hashed(Task task) {
  --hashing_;
  hashing_places_.give_back(task->holder, task->places);
  release(*task);
  const bool may_go_on = asker_of(*task) != nullptr;
  const Code now = parts_.vitals.degraded ? Code::journal_unavailable : Code::ok;
  if (task->trouble) outlets_.alarm("a password could not be handled: " + task->trouble->sentence);
  if (!may_go_on)
    count(parts_.vitals.strangers);
  else if (now != Code::ok || task->trouble)
    refuse(*task, Code::journal_unavailable);
  else if (task->abandoned)
    refuse(*task, Code::stopping);
  else if (task->pool_was_full)
    refuse(*task, Code::busy);
  else if (!task->refusals.empty())
    refuse(*task, std::move(task->refusals));
  else
    decide(std::move(task));
  admit_waiting();
}

/// A copy of it is being hashed.
bool Writer::is_under_way(const CommandTask& task) const {
  return !task.internal && task.message->id() != nullptr && held_ids_.contains(task.id());
}

bool Writer::must_wait(const CommandTask& task) const {
  // A copy of what is under way waits before it has come to the gate.
  if (held_names_.empty() || task.message->commands() == nullptr) return false;
  return std::ranges::any_of(*task.message->commands(), [&](const schema::Command* command) {
    return held_names_.contains(held_name(state_, *task.message, *command));
  });
}

void Writer::hold(CommandTask& task) {
  held_ids_.insert(task.id());
  for (const schema::Command* command : *task.message->commands())
    task.held_names.push_back(held_name(state_, *task.message, *command));
  held_names_.insert(task.held_names.begin(), task.held_names.end());
}

void Writer::release(const CommandTask& task) {
  held_ids_.erase(task.id());
  for (const std::string& name : task.held_names) held_names_.erase(name);
}

void Writer::admit_waiting() {
  for (std::size_t count = waiting_.size(); count > 0; --count) {
    Task task = std::move(waiting_.front());
    waiting_.pop_front();
    if (is_under_way(*task) || must_wait(*task)) {
      waiting_.push_back(std::move(task));
      continue;
    }
    waiting_places_.give_back(task->holder, task->places);
    admit(std::move(task));
  }
}

// ---- what the daemon itself records

Writer::Task Writer::internal_task(schema::CommandMessageT message) {
  message.id = std::make_unique<Uuid>(maker_.new_id(now_ns()));
  flatbuffers::FlatBufferBuilder builder(256);
  builder.Finish(schema::CreateCommandMessage(builder, &message),
                 schema::command_message_identifier);
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  auto task = std::make_unique<CommandTask>(
      Opened<schema::CommandMessage>(std::vector<std::byte>(bytes.begin(), bytes.end())));
  task->internal = true;
  task->materials.resize(message.commands.size());
  require(maker_.take_apart(*task));
  return task;
}

void Writer::take_attempt(std::unique_ptr<Attempt> attempt) {
  const domain::Tenant* tenant = state_.tables().find_tenant(attempt->tenant);
  schema::CommandMessageT message;
  message.tenant = tenant == nullptr ? "" : tenant->alias;
  auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
  command->user_id = std::make_unique<Uuid>(attempt->user);
  schema::RecordAttemptT body;
  body.succeeded = attempt->succeeded;
  body.service = std::make_unique<Uuid>(attempt->service);
  body.password_seq = attempt->password_seq;
  command->body.Set(std::move(body));
  Task task = internal_task(std::move(message));
  task->ticket = attempt->ticket;
  task->materials.front().sealed_password = std::move(attempt->rehashed);
  admit(std::move(task));
}

/// D1: what is not recorded now goes home to count on.
void Writer::take_use(std::unique_ptr<UseLetter> letter) {
  if (cannot_now() != Code::ok) {
    put_off(*letter, now_ns());
  } else {
    schema::CommandMessageT message = use_message(*letter, state_, now_ns());
    if (!message.commands.empty()) admit(internal_task(std::move(message)));
  }
  parts_.mail.recorder_returned.post(std::move(letter));
}

void Writer::note_refusal(const Uuid& operator_id, Code code) {
  Refusals& refusals = refusals_[operator_id];
  ++refusals.count;
  refusals.code = code;
}

void Writer::record_due_refusals() {
  if (cannot_now() != Code::ok) return;
  // By the steady clock: the time of records may stand still.
  const std::int64_t steady_ns = parts_.clock.monotonic_ns();
  for (auto& [operator_id, refusals] : refusals_) {
    if (refusals.count == 0 || steady_ns < refusals.next_ns) continue;
    schema::CommandMessageT message;
    schema::RecordRefusalsT body;
    body.operator_id = std::make_unique<Uuid>(operator_id);
    body.code = refusals.code;
    body.count = std::exchange(refusals.count, 0);
    message.commands.emplace_back(std::make_unique<schema::CommandT>())->body.Set(std::move(body));
    refusals.next_ns = steady_ns + minute_ns;
    admit(internal_task(std::move(message)));
  }
}

void Writer::watch_disk() {
  const std::uint64_t free = outlets_.disk_free();
  parts_.vitals.disk_free = free;
  const bool low = free < settings_.disk_floor_bytes;
  if (parts_.vitals.disk_low.exchange(low) != low)
    outlets_.alarm(
        low ? "free disk space is under the floor: commands are refused until there is more"
            : "free disk space is above the floor again: commands are accepted");
  outlets_.hold_reserve(!low);
}

// ---- answers

void Writer::reply(const CommandTask& task, Message receipt) {
  if (task.internal) return;
  const Uuid id = task.message->id() == nullptr ? Uuid() : task.id();
  Reply made{task.peer, id, std::move(receipt), !task.made_keys.empty()};
  made.owed = task.owed;
  // C9: of these some rest on a record and its sync, some do not.
  const auto code = flatbuffers::GetRoot<schema::Receipt>(made.receipt.data())->code();
  const domain::Operator* asker = asker_of(task);
  if (code == Code::invalid_credentials && refusals_on_time_.is_used() && asker != nullptr &&
      asker->role == schema::Role::service)
    made.on_the_grid_since_ns = task.came_ns;
  group_.add(std::move(made));
}

void Writer::refuse(const CommandTask& task, std::vector<schema::ProblemT> problems) {
  const Code code = problems.front().code;
  work_ += problem_work * problems.size();
  if (task.internal) return group_.published->attempts.push_back({task.ticket, code});
  count(parts_.vitals.commands_refused);
  if (code == Code::busy) count(parts_.vitals.busy);
  const domain::Operator* asker = asker_of(task);
  if (asker != nullptr && has(problems, Code::not_permitted))
    note_refusal(asker->id, Code::not_permitted);
  Unrecorded made;
  if (task.message->id() != nullptr) made.id = task.id();
  made.dry_run = task.message->dry_run();
  made.retry_after_ms = code == Code::busy ? retry_after_ms : 0;
  made.problems = std::move(problems);
  reply(task, receipt_of(std::move(made)));
}

void Writer::refuse(const CommandTask& task, Code code, std::string_view detail) {
  std::vector<schema::ProblemT> problems;
  problems.push_back(make_problem(code, "", detail));
  refuse(task, std::move(problems));
}

const domain::Operator* Writer::asker_of(const CommandTask& task) const {
  return task.internal ? &daemon_entry() : state_.tables().find_identity(task.identity);
}

/// A record's time is the greater of the clock and the last record's.
std::int64_t Writer::now_ns() const { return std::max(parts_.clock.now_ns(), state_.time_ns()); }

}  // namespace postern::service
