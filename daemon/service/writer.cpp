#include "daemon/service/writer.h"

#include <algorithm>
#include <utility>

#include "daemon/service/glimpse.h"
#include "schema/text_view.h"

namespace postern::service {

namespace {

using schema::Code;

constexpr std::int64_t watch_interval_ns = 1'000'000'000;
/// When a place may be free again.
constexpr std::uint32_t retry_after_ms = 200;

// In the unit of Draft::work: opening, hashing, answering; making a problem and packing it.
constexpr std::size_t message_work = 50;
constexpr std::size_t bytes_of_work = 64;
constexpr std::size_t problem_work = 10;

/// Of a few groups: 4 MiB.
constexpr std::size_t records_kept_max = 4'096;

Code outcome_of(const domain::Draft& draft) {
  return draft.problems.empty() ? Code::ok : draft.problems.front().code;
}

bool has(const std::vector<schema::ProblemT>& problems, Code code) {
  return std::ranges::find(problems, code, &schema::ProblemT::code) != problems.end();
}

Unrecorded refusal_of(const Uuid& id, schema::ProblemT problem) {
  return {id, {std::move(problem)}, {}, false, 0};
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
    : parts_(std::move(parts)),
      settings_(settings),
      disk_floor_bytes_(settings.disk_floor_bytes),
      group_max_(settings.group_max),
      outlets_(std::move(outlets)),
      record_memory_(domain::PackedEvents::record_bytes, records_kept_max),
      draft_(&record_memory_),
      state_(std::move(state)),
      first_shown_(state_.seq()),
      maker_(parts_.keys, parts_.entropy),
      gate_({parts_.clock, parts_.vitals, outlets_.log}, std::move(ids)),
      turns_({settings.turn_places_max, settings.slice_work}),
      held_(settings.waiting_max),
      hashing_({maker_, parts_.pool, parts_.waker, parts_.vitals},
               {settings.cost, settings.hashing_places_max}),
      guards_(parts_.mail.recorder_evidence, settings.guard_places_max),
      replies_(outlets_.send, parts_.clock, parts_.vitals.measures, tasks_,
               settings.refusal_step_ns),
      groups_({parts_.journal, parts_.keys, parts_.clock, parts_.waker, parts_.vitals, parts_.mail,
               replies_, parts_.run_beside, outlets_.operators_changed, outlets_.log},
              state_.time_ns()) {
  parts_.clock.passed(state_.time_ns());
  gate_.watch_clock();
}

void Writer::turn() {
  gate_.watch_clock();
  groups_.turn(state_);
  decide_again_if_overtaken();
  send_shown();
  parts_.mail.writer_returned.drain([](std::unique_ptr<Published>) {});
  parts_.mail.writer_attempts.drain(
      [&](std::unique_ptr<Attempt> attempt) { take_attempt(std::move(attempt)); });
  parts_.mail.writer_uses.drain(
      [&](std::unique_ptr<UseLetter> letter) { take_use(std::move(letter)); });
  hashing_.drain([&](Task task) { hashed(std::move(task)); });
  parts_.mail.writer_evidence.drain(
      [&](std::unique_ptr<EvidenceLetter> letter) { take_evidence(std::move(letter)); });
  const std::int64_t monotonic_ns = parts_.clock.monotonic_ns();
  if (monotonic_ns < next_watch_ns_) return;
  next_watch_ns_ = monotonic_ns + watch_interval_ns;
  watch_disk();
  gate_.forget_old_ids();
}

// ---- one message's way

void Writer::take(const Inbound& inbound) {
  count(parts_.vitals.commands);
  const domain::Operator* asker = asker_of(inbound.identity);
  if (asker == nullptr) {
    credential::wipe(inbound.payload);
    outlets_.log(
        diagnostic<Line::sender_unknown>(platform::Stranger{std::string(inbound.identity)}));
    return count(parts_.vitals.strangers);
  }
  // Beyond its operator's share, or its peer does not read what it has: nothing of it is looked at
  // but its id.
  const auto turn_away_unopened = [&] {
    count(parts_.vitals.busy);
    Unrecorded busy = refusal_of(glimpse(inbound.payload).id, make_problem(Code::busy, ""));
    busy.retry_after_ms = retry_after_ms;
    turn_away(inbound, std::move(busy));
  };
  const std::size_t receipt_bytes = receipt_bytes_at_most(inbound.payload);
  if (!outlets_.has_room(inbound.peer, receipt_bytes, owed_.to(inbound.peer)))
    return turn_away_unopened();
  Owed::Claim claim = owed_.claim(inbound.peer, receipt_bytes);
  const Uuid asker_id = asker->id;
  const std::int64_t came_ns = parts_.clock.monotonic_ns();
  if (turns_.are_free() && !is_full())
    return turns_.serve(asker_id, [&] { open(inbound, came_ns, std::move(claim)); });
  if (!turns_.add({inbound.peer,
                   std::string(inbound.identity),
                   {inbound.payload.begin(), inbound.payload.end()},
                   came_ns,
                   asker_id,
                   std::move(claim)}))
    return turn_away_unopened();
  credential::wipe(inbound.payload);
}

/// At least one of those that wait.
void Writer::take_turns() {
  while (!turns_.empty() && !is_full()) {
    WaitingMessage next = turns_.take();
    turns_.serve(next.asker, [&] {
      open({next.peer, next.identity, next.bytes}, next.came_ns, std::move(next.owed));
    });
    credential::wipe(next.bytes);
    if (turns_.is_slice_over()) break;
  }
  turns_.begin_slice();
}

void Writer::open(const Inbound& inbound, std::int64_t came_ns, Owed::Claim owed) {
  turns_.spend(message_work + inbound.payload.size() / bytes_of_work);
  const auto turn_away_malformed = [&](schema::ProblemT problem) {
    count(parts_.vitals.malformed);
    turn_away(inbound, refusal_of(Uuid(), std::move(problem)));
  };
  Task task = tasks_.take();
  auto opened = open_command(inbound.payload, forms_,
                             task == nullptr ? std::vector<std::byte>() : task->message.release());
  if (!opened) return turn_away_malformed(std::move(opened.error()));
  const std::int64_t believed_ns = gate_.watch_clock();
  if (task == nullptr)
    task = std::make_unique<CommandTask>(std::move(*opened));
  else
    task->message = std::move(*opened);
  task->peer = inbound.peer;
  task->identity = inbound.identity;
  task->came_ns = came_ns;
  task->owed = std::move(owed);
  if (!maker_.take_apart(*task))
    return turn_away_malformed(make_problem(Code::malformed_message, ""));
  task->is_sensitive = carries_secret(*task) || carries_personal_data(*task->message);
  if (task->is_sensitive) credential::wipe(inbound.payload);
  believed_ns_ = believed_ns;
  admit(std::move(task));
  believed_ns_.reset();
}

void Writer::admit(Task task) {
  const domain::Operator* asker = asker_of(*task);
  if (asker == nullptr) return count(parts_.vitals.strangers);
  // K1: what became of an id is told before what cannot be done now, which says nothing of it.
  if (repeated(task, *asker)) return;
  if (held_.holds_copy_of(*task)) return wait(std::move(task), *asker);
  if (const Code now = gate_.cannot_now(); now != Code::ok) return refuse(std::move(task), now);
  auto problems = gate_.problems(*task, *asker, state_);
  if (!problems.empty()) return refuse(std::move(task), std::move(problems));
  if (held_.holds_user_of(state_, *task)) return wait(std::move(task), *asker);
  if (!task->message->dry_run() && !gate_.is_in_window(task->id(), believed_ns()))
    return refuse(std::move(task), Code::command_id_expired);
  decide(std::move(task));
}

/// False: it is no repeated one, and the task stays.
bool Writer::repeated(Task& task, const domain::Operator& asker) {
  const CommandGate::Standing standing = gate_.standing_of(*task, asker, believed_ns());
  switch (standing.id) {
    case CommandGate::IdStanding::fresh:
      return false;
    case CommandGate::IdStanding::recorded:
      repeat(std::move(task), standing.seq);
      break;
    case CommandGate::IdStanding::expired:
      refuse(std::move(task), Code::command_id_expired);
      break;
  }
  return true;
}

/// K1: the first receipt again, from the record it came from; on its way to disk or there.
void Writer::repeat(Task task, domain::Seq seq) {
  if (groups_.is_in_doubt(seq)) return refuse(std::move(task), Code::journal_unavailable);
  count(parts_.vitals.commands_repeated);
  const auto stored = groups_.stored_record(seq);
  if (!stored) {
    outlets_.log(diagnostic<Line::record_unreadable>(seq, stored.error()));
    return refuse(std::move(task), Code::journal_unavailable);
  }
  const auto& record = *flatbuffers::GetRoot<schema::Record>(stored->data());
  const auto* hash = record.contents_hash();
  const bool same =
      hash != nullptr && std::ranges::equal(*hash, hash_of_contents(parts_.keys, *task));
  if (!same && !is_hidden(record)) return refuse(std::move(task), Code::command_id_reused);
  if (erases(record) && parts_.vitals.erase_unfinished)
    return refuse(std::move(task), Code::erase_unfinished);
  Reply reply = reply_to(std::move(task), record.outcome());
  reply.receipt = repeated_receipt_of(record);
  // Its key may be on its way.
  reply.erases = erases(record);
  groups_.add(std::move(reply));
}

void Writer::wait(Task task, const domain::Operator& asker) {
  // What is known of calls will be old then.
  task->evidence = nullptr;
  if (!held_.wait(task, asker.id)) refuse(std::move(task), Code::busy);
}

bool Writer::prepare(CommandTask& task) {
  task.overtaken_count = overtaken_count_;
  const auto made = maker_.prepare(task, state_, now_ns());
  if (!made) outlets_.log(diagnostic<Line::user_key_not_made>(made.error()));
  return made.has_value();
}

void Writer::decide(Task task) {
  decide(std::move(task), draft_);
  draft_.empty_out();
}

void Writer::decide(Task task, domain::Draft& draft) {
  const domain::Operator& asker = *asker_of(*task);
  if (waits_for_evidence(task, asker)) return;
  if (task->materials.empty() && !prepare(*task)) return refuse(std::move(task), Code::busy);
  const domain::Context context{now_ns(), &asker, &*task->message, task->evidence.get()};
  domain::decide_message(state_, context, task->materials, {state_.seq() + 1}, draft);
  turns_.spend(draft.work);
  if (!draft.is_fact() && !draft.problems.empty()) {
    maker_.give_back_keys(*task);
    if (!takes_time(*task, asker)) return refuse(std::move(task), std::move(draft.problems));
    task->refusals = std::move(draft.problems);
    task->jobs.emplace_back().for_time_alone = true;
    return hash(std::move(task), asker);
  }
  if (task->message->dry_run()) {
    state_.revert(draft.changes);
    maker_.give_back_keys(*task);
    Unrecorded made{task->id(), std::move(draft.problems), draft.events.unpacked(), true, 0};
    return answer(std::move(task), std::move(made));
  }
  if (task->jobs.empty() && carries_password(*task)) {
    state_.revert(draft.changes);
    task->jobs = maker_.hash_jobs(*task, state_, now_ns());
    return hash(std::move(task), asker);
  }
  if (draft.is_fact()) record(std::move(task), draft, context);
}

/// H11: a guarded message is decided once it is known what was called. Meanwhile nothing waits for
/// it but its own copies. False: nothing is to be waited for, and the task stays.
bool Writer::waits_for_evidence(Task& task, const domain::Operator& asker) {
  if (task->message->guard() == nullptr || task->evidence != nullptr) return false;
  const domain::Tenant* tenant =
      domain::find_tenant_in_scope(state_, asker, schema::view_of(task->message->tenant()));
  // The rules refuse it.
  if (tenant == nullptr) return false;
  held_.hold_copies(*task);
  CommandTask& held = *task;
  if (guards_.begin(task, {asker.id, tenant->id, now_ns()})) return true;
  held_.release(held);
  refuse(std::move(task), Code::busy);
  return true;
}

void Writer::take_evidence(std::unique_ptr<EvidenceLetter> letter) {
  Task task = guards_.take(*letter);
  if (task == nullptr) return;
  held_.release(*task);
  if (letter->trouble) outlets_.log(diagnostic<Line::calls_unreadable>(*letter->trouble));
  if (asker_of(*task) == nullptr) {
    count(parts_.vitals.strangers);
  } else if (parts_.vitals.degraded || letter->trouble) {
    refuse(std::move(task), Code::journal_unavailable);
  } else if (letter->too_many) {
    refuse(std::move(task), {too_many_calls()});
  } else {
    // As if it came now, but with what is known.
    admit(std::move(task));
  }
  held_.let_go(state_, [&](Task waiting) { admit(std::move(waiting)); });
}

/// Meanwhile whatever is about the same waits.
void Writer::hash(Task task, const domain::Operator& asker) {
  const domain::Tenant* tenant =
      domain::find_tenant_in_scope(state_, asker, schema::view_of(task->message->tenant()));
  held_.hold(state_, *task);
  if (hashing_.begin(task, {asker.id, tenant == nullptr ? Uuid() : tenant->id})) return;
  held_.release(*task);
  maker_.give_back_keys(*task);
  refuse(std::move(task), Code::busy);
}

void Writer::hashed(Task task) {
  held_.release(*task);
  if (task->trouble) outlets_.log(diagnostic<Line::password_not_handled>(*task->trouble));
  if (asker_of(*task) == nullptr) {
    count(parts_.vitals.strangers);
  } else if (parts_.vitals.degraded || task->trouble) {
    refuse(std::move(task), Code::journal_unavailable);
  } else if (task->abandoned) {
    refuse(std::move(task), Code::stopping);
  } else if (task->pool_was_full) {
    refuse(std::move(task), Code::busy);
  } else if (task->overtaken_count != overtaken_count_) {
    maker_.start_over(*task);
    admit(std::move(task));
  } else if (!task->refusals.empty()) {
    auto problems = std::move(task->refusals);
    refuse(std::move(task), std::move(problems));
  } else {
    decide(std::move(task));
  }
  held_.let_go(state_, [&](Task waiting) { admit(std::move(waiting)); });
}

void Writer::record(Task task, domain::Draft& draft, const domain::Context& context) {
  domain::StoredRecord bytes =
      domain::seal_record(draft, state_, context, {domain::hash_to_come, task->signed_message});
  gate_.ids().remember(context.asker->id, task->id(), state_.seq());
  if (!draft.changes.operators.empty()) forget_asker();
  groups_.add(reply_to(std::move(task), outcome_of(draft)), std::move(bytes), draft.changes,
              state_);
}

// ---- answers

/// What is not opened, or not well-formed.
void Writer::turn_away(const Inbound& inbound, Unrecorded answer) {
  credential::wipe(inbound.payload);
  Reply made;
  made.peer = inbound.peer;
  made.id = answer.id;
  made.code = code_of(answer);
  made.receipt = receipt_of(std::move(answer));
  groups_.add(std::move(made));
}

void Writer::answer(Task task, Unrecorded made) {
  Reply reply = reply_to(std::move(task), code_of(made));
  reply.receipt = receipt_of(std::move(made));
  groups_.add(std::move(reply));
}

Reply Writer::reply_to(Task task, Code code) const {
  Reply made;
  made.code = code;
  made.shows_secret = !task->made_keys.empty();
  // C9: of these some rest on a record and its sync, some do not.
  if (code == Code::invalid_credentials && replies_.has_grid()) {
    const domain::Operator* asker = asker_of(*task);
    if (asker != nullptr && asker->role == schema::Role::service)
      made.on_the_grid_since_ns = task->came_ns;
  }
  const auto* commands = task->message->commands();
  if (commands != nullptr && commands->size() == 1) made.kind = (*commands)[0]->body_type();
  made.task = std::move(task);
  return made;
}

void Writer::refuse(Task task, std::vector<schema::ProblemT> problems) {
  const Code code = problems.front().code;
  turns_.spend(problem_work * problems.size());
  count(parts_.vitals.commands_refused);
  if (code == Code::busy) count(parts_.vitals.busy);
  const domain::Operator* asker = asker_of(*task);
  if (asker != nullptr) {
    outlets_.log(diagnostic<Line::command_refused>(*asker, code));
    if (has(problems, Code::not_permitted)) refusals_.note(asker->id, Code::not_permitted);
  }
  Unrecorded made;
  if (task->message->id() != nullptr) made.id = task->id();
  made.dry_run = task->message->dry_run();
  made.retry_after_ms = code == Code::busy ? retry_after_ms : 0;
  made.problems = std::move(problems);
  answer(std::move(task), std::move(made));
}

void Writer::refuse(Task task, Code code) { refuse(std::move(task), {make_problem(code, "")}); }

// ---- becoming durable

bool Writer::commit() {
  take_turns();
  count_waiting();
  record_due_refusals();
  if (!is_full() && groups_.waits_for_others_ms() > 0) return true;
  if (!groups_.commit(state_)) return false;
  decide_again_if_overtaken();
  send_shown();
  return true;
}

/// What others appended comes first; then everything as if it came now.
void Writer::decide_again_if_overtaken() {
  if (groups_.stage() != GroupCommit::Stage::overtaken) return;
  ++overtaken_count_;
  std::vector<GroupEntry> decided = groups_.take_back(state_, gate_.ids());
  groups_.follow(state_, gate_.ids());
  forget_asker();
  for (GroupEntry& one : decided) {
    if (one.own != nullptr) {
      record_own(std::move(*one.own));
    } else if (one.reply.task == nullptr) {
      groups_.add(std::move(one.reply));
    } else {
      maker_.start_over(*one.reply.task);
      admit(std::move(one.reply.task));
    }
  }
  parts_.waker.wake();
}

void Writer::send_shown() {
  Mailboxes& mail = parts_.mail;
  do {
    replies_.send_shown(std::max(mail.receipted_seq(), first_shown_));
    mail.await(replies_.awaited_seq());
    // Shown between the two, it would wake nobody.
  } while (replies_.awaited_seq() != 0 && mail.shown_seq() >= replies_.awaited_seq());
  groups_.wake_reader();
}

void Writer::count_waiting() {
  parts_.vitals.commands_waiting.store(turns_.size(), std::memory_order_relaxed);
  parts_.vitals.commands_held.store(held_.waiting(), std::memory_order_relaxed);
}

void Writer::watch_disk() {
  const std::uint64_t free = outlets_.disk_free();
  parts_.vitals.disk_free = free;
  const bool low = free < disk_floor_bytes_;
  if (parts_.vitals.disk_low.exchange(low) != low)
    outlets_.log(low ? diagnostic<Line::disk_low>() : diagnostic<Line::disk_enough>());
  outlets_.hold_reserve(!low);
}

std::int64_t Writer::idle_ms() const {
  constexpr std::int64_t longest_ms = 1'000;
  if (!turns_.empty() && !is_full()) return 0;
  const std::int64_t waits_ms = groups_.waits_for_others_ms();
  return replies_.idle_ms(waits_ms > 0 ? waits_ms : longest_ms);
}

bool Writer::drain() {
  parts_.vitals.stopping = true;
  guards_.give_up([&](Task task) {
    held_.release(*task);
    refuse(std::move(task), Code::stopping);
  });
  if (!held_.nobody_waits()) held_.let_go(state_, [&](Task waiting) { admit(std::move(waiting)); });
  return hashing_.empty() && turns_.empty() && held_.nobody_waits() && groups_.empty() &&
         replies_.empty();
}

const domain::Operator* Writer::asker_of(std::string_view identity) const {
  if (last_asker_ == nullptr || identity != last_identity_) {
    last_asker_ = state_.tables().find_identity(identity);
    last_identity_ = identity;
  }
  return last_asker_;
}

std::int64_t Writer::believed_ns() const {
  return believed_ns_ ? *believed_ns_ : parts_.clock.believed_ns();
}

/// A record's time is the greater of the clock and the last record's.
std::int64_t Writer::now_ns() const { return std::max(believed_ns(), state_.time_ns()); }

}  // namespace postern::service
