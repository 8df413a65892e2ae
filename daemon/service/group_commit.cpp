#include "daemon/service/group_commit.h"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

#include "daemon/domain/fold.h"
#include "daemon/platform/require.h"

namespace postern::service {

namespace {

const schema::Record& record_in(const domain::StoredRecord& bytes) {
  return *flatbuffers::GetRoot<schema::Record>(bytes.data());
}

journal::View view_of(const domain::StoredRecord& bytes) {
  return std::as_bytes(std::span(bytes.data(), bytes.size()));
}

/// As it will be stored. Whoever appends may be writing the hash of its contents meanwhile, so that
/// is neither read nor waited for.
journal::Bytes copy_of(const GroupRecord& record, const credential::KeyStore& keys) {
  const journal::View bytes = view_of(record.bytes);
  if (record.task == nullptr) return {bytes.begin(), bytes.end()};
  const auto& hash = *record_in(record.bytes).contents_hash();
  const auto before = static_cast<std::size_t>(hash.data() - record.bytes.data());
  journal::Bytes copy(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(before));
  const credential::ContentsHash made = hash_of_contents(keys, *record.task);
  std::ranges::copy(std::as_bytes(std::span(made)), std::back_inserter(copy));
  const journal::View after = bytes.subspan(before + made.size());
  copy.insert(copy.end(), after.begin(), after.end());
  return copy;
}

/// Of an operator's message: who sent it can send it again.
bool has_sender(const schema::Record& record) { return record.role() != schema::Role::daemon; }

}  // namespace

GroupCommit::GroupCommit(Parts parts, std::int64_t head_time_ns)
    : parts_(std::move(parts)),
      head_(parts_.journal.head()),
      first_seq_(head_.seq),
      head_time_ns_(head_time_ns),
      appended_(parts_.waker) {}

// ---- gathering

void GroupCommit::add(domain::StoredRecord&& record, domain::Changes& changes,
                      const domain::State& state) {
  group_.bytes += record.size();
  group_.add_changes(record_in(record), changes, state);
  group_.records.emplace_back(std::move(record), nullptr);
}

void GroupCommit::add(Reply&& reply, domain::StoredRecord&& record, domain::Changes& changes,
                      const domain::State& state) {
  // What the receipt says is about what the record does.
  group_.bytes += 2 * record.size();
  reply.record = group_.records.size();
  reply.erases = group_.add_changes(record_in(record), changes, state);
  group_.records.emplace_back(std::move(record), reply.task.get());
  group_.add(std::move(reply));
}

Expected<journal::Bytes> GroupCommit::stored_record(domain::Seq seq) const {
  if (seq <= head_.seq) return journal::read_one(parts_.journal, seq);
  require(!is_in_doubt(seq));
  const std::size_t place = seq - head_.seq - 1;
  const std::size_t syncing = syncing_.records.size();
  return copy_of(place < syncing ? syncing_.records[place] : group_.records[place - syncing],
                 parts_.keys);
}

// ---- becoming durable

bool GroupCommit::commit(const domain::State& state) {
  if (stage_ == Stage::appending) return false;
  if (group_.empty()) return true;
  close_group(state);
  // Keys take a few syncs to destroy.
  const bool is_long =
      is_big(syncing_) || !syncing_.erased.empty() || parts_.journal.appends_wait_long();
  if (is_long && !syncing_.records.empty())
    append_beside();
  else
    finish(append(), state);
  return true;
}

/// What has gathered becomes durable next.
void GroupCommit::close_group(const domain::State& state) {
  if (group_.operators_changed) group_.identities = identities_in(state.tables());
  group_.published->time_ns = state.time_ns();
  std::swap(group_, syncing_);
  // The next will be about as large.
  group_.published->changes.users.reserve(syncing_.published->changes.users.size());
  expected_ = 0;
}

void GroupCommit::append_beside() {
  stage_ = Stage::appending;
  parts_.run_beside([this] {
    auto appended = std::make_unique<Appended>();
    appended->durable = append();
    appended_.post(std::move(appended));
  });
}

void GroupCommit::turn(const domain::State& state) {
  appended_.drain([&](std::unique_ptr<Appended> appended) {
    stage_ = Stage::gathering;
    finish(appended->durable, state);
  });
}

/// On whichever thread: it touches the journal and what stands still meanwhile.
GroupCommit::Durable GroupCommit::append() {
  if (syncing_.records.empty()) return {head_, {}, 0};
  syncing_.complete(parts_.keys);
  views_.clear();
  for (const GroupRecord& record : syncing_.records) views_.push_back(view_of(record.bytes));
  const domain::Seq first = record_in(syncing_.records.front().bytes).seq();
  const std::int64_t began_ns = parts_.clock.monotonic_ns();
  parts_.vitals.sync_began_ns = began_ns;
  const auto appended = parts_.journal.append(first - 1, views_);
  parts_.vitals.sync_began_ns = 0;
  const std::int64_t took_ns = parts_.clock.monotonic_ns() - began_ns;
  tell_time(took_ns);
  if (!appended) return {std::unexpected(appended.error()), {}, took_ns};
  syncing_.make_receipts(receipts_);
  // U11: what is erased is in the journal first, so that no stop in between is forgotten.
  return {parts_.journal.head(),
          syncing_.erased.empty() ? Expected<>() : parts_.keys.erase(syncing_.erased), took_ns};
}

/// On whichever thread appended.
void GroupCommit::tell_time(std::int64_t took_ns) {
  parts_.vitals.measures.syncs.add(took_ns);
  if (took_ns >= slow_sync_ns)
    parts_.log(diagnostic<Line::sync_slow>(Duration{took_ns}, syncing_.records.size()));
}

void GroupCommit::finish(const Durable& durable, const domain::State& state) {
  if (!durable.head && durable.head.error().kind == FailureKind::conflict) {
    stage_ = Stage::overtaken;
    return;
  }
  if (!durable.erased) leave_erasures(durable.erased.error());
  if (!durable.head) {
    fail(durable.head.error());
  } else if (!syncing_.records.empty()) {
    count(parts_.vitals.groups);
    parts_.vitals.records.fetch_add(syncing_.records.size(), std::memory_order_relaxed);
  }
  expect_others(durable.took_ns);
  std::swap(durable_, syncing_);
  const domain::Seq seq_before = head_.seq;
  if (durable.head) head_ = *durable.head;
  if (durable.head && durable.erased && is_big(group_)) {
    close_group(state);
    append_beside();
  }
  publish(durable_, seq_before);
}

void GroupCommit::expect_others(std::int64_t append_took_ns) {
  const std::size_t under_way = syncing_.answers.decided.size() + group_.answers.decided.size();
  const bool is_worth_it = append_took_ns >= long_append_ns;
  expected_ = is_worth_it ? under_way - under_way / 4 : 0;
  if (is_worth_it)
    expected_until_ns_ = parts_.clock.monotonic_ns() + std::min(append_took_ns, wait_max_ns);
}

std::int64_t GroupCommit::waits_for_others_ms() const {
  if (stage_ != Stage::gathering || group_.empty() || group_.answers.decided.size() >= expected_)
    return 0;
  constexpr std::int64_t ms = 1'000'000;
  const std::int64_t left_ns = expected_until_ns_ - parts_.clock.monotonic_ns();
  return std::max<std::int64_t>((left_ns + ms - 1) / ms, 0);
}

/// Law 3: nothing decided in the group that failed or on it ever leaves, and the state that holds
/// it is never used again.
void GroupCommit::fail(const Failure& why) {
  stage_ = Stage::failed;
  parts_.vitals.degraded = true;
  parts_.log(diagnostic<Line::journal_failed>(why));
  revoked_.push_back(syncing_.revoke());
  revoked_.push_back(group_.revoke());
  parts_.replies.revoke_secrets();
}

/// U11: the records stand, and the next opening finishes what they say.
void GroupCommit::leave_erasures(const Failure& why) {
  parts_.vitals.erase_unfinished = true;
  parts_.vitals.degraded = true;
  parts_.log(diagnostic<Line::erase_unfinished>(why));
  syncing_.leave_erasures_unacknowledged();
  group_.leave_erasures_unacknowledged();
}

/// What others wait for; `head_` is what it comes to.
void GroupCommit::publish(Group& group, domain::Seq seq_before) {
  const bool advances = head_.seq > seq_before;
  parts_.replies.add(group.records.empty() ? 0 : head_.seq, std::move(group.answers));
  if (group.operators_changed) parts_.operators_changed(std::move(group.identities));
  for (const Diagnostic& line : group.lines) parts_.log(line);
  std::unique_ptr<Published> published = std::move(group.published);
  group.answers = parts_.replies.take_room();
  group.empty_out();
  if (!advances && published->attempts.empty()) return;
  if (advances) {
    head_time_ns_ = published->time_ns;
    parts_.clock.passed(head_time_ns_);
  }
  const bool told_at_once = advances && may_tell_at_once(*published, seq_before);
  published->head = head_;
  reader_sleeps_ |= parts_.mail.reader_published.put(std::move(published));
  if (told_at_once && parts_.mail.shown_seq() < head_.seq) parts_.mail.tell(head_.seq);
}

/// Nothing waits before it that takes long. Who may connect is known to other threads first.
bool GroupCommit::may_tell_at_once(const Published& published, domain::Seq seq_before) const {
  const domain::Changes& changes = published.changes;
  return std::max(parts_.mail.receipted_seq(), first_seq_) >= seq_before &&
         changes.operators.empty() && changes.ranges.empty() &&
         changes.users.size() + changes.tenants.size() <= told_at_once_max;
}

// ---- overtaken by others

std::vector<GroupEntry> GroupCommit::take_back(domain::State& state, domain::CommandIds& ids) {
  require(stage_ == Stage::overtaken);
  for (Group* group : {&group_, &syncing_}) {
    state.revert(group->published->changes);
    for (const GroupRecord& one : std::views::reverse(group->records)) {
      const schema::Record& record = record_in(one.bytes);
      if (has_sender(record)) ids.forget(*record.operator_id(), *record.command_id());
      state.reopen_record(record.tenant(), record.previous_tenant_seq(), head_time_ns_);
    }
  }
  std::vector<GroupEntry> decided = std::move(syncing_.answers.decided);
  std::ranges::move(group_.answers.decided, std::back_inserter(decided));
  syncing_.empty_out();
  group_.empty_out();
  return decided;
}

Expected<journal::Head> GroupCommit::fold_others(domain::State& state, domain::CommandIds& ids) {
  const journal::Head head = parts_.journal.head();
  if (head.seq <= head_.seq)
    return std::unexpected(Failure{FailureKind::damaged,
                                   "others are said to have appended, but there is no record", ""});
  const auto cursor = parts_.journal.read_from(head_.seq + 1);
  domain::RecordGate gate;
  while (state.seq() < head.seq) {
    const auto bytes = cursor->next();
    if (!bytes) return std::unexpected(bytes.error());
    domain::Changes changes;
    const auto record = domain::fold(state, gate, *bytes, changes);
    if (!record)
      return std::unexpected(Failure{FailureKind::damaged,
                                     "record " + std::to_string(state.seq() + 1) +
                                         " of others cannot be folded: " + record.error().sentence,
                                     "Use the version of Postern that the others use."});
    if (has_sender(**record))
      ids.remember(*(*record)->operator_id(), *(*record)->command_id(), (*record)->seq());
    syncing_.add_changes(**record, changes, state);
  }
  return head;
}

void GroupCommit::follow(domain::State& state, domain::CommandIds& ids) {
  require(stage_ == Stage::overtaken);
  stage_ = Stage::gathering;
  const auto head = fold_others(state, ids);
  syncing_.published->time_ns = state.time_ns();
  if (syncing_.operators_changed) syncing_.identities = identities_in(state.tables());
  finish({head, syncing_.erased.empty() ? Expected<>() : parts_.keys.erase(syncing_.erased)},
         state);
}

}  // namespace postern::service
