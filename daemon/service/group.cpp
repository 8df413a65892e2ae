#include "daemon/service/group.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "daemon/service/personal.h"
#include "daemon/service/record_lines.h"

namespace postern::service {

void Reply::revoke(schema::Code instead) {
  if (shows_secret)
    credential::wipe(std::as_writable_bytes(std::span(receipt.data(), receipt.size())));
  Unrecorded made;
  if (task == nullptr)
    made.id = id;
  else if (task->message->id() != nullptr)
    made.id = task->id();
  made.problems.push_back(make_problem(instead, ""));
  receipt = receipt_of(std::move(made));
  code = instead;
}

std::span<const std::uint8_t> GroupAnswers::receipt_of(const Reply& reply) const {
  if (reply.receipt.size() > 0) return {reply.receipt.data(), reply.receipt.size()};
  return std::span(receipts).subspan(reply.begin, reply.size);
}

void GroupAnswers::revoke(Reply& reply, schema::Code instead) {
  if (reply.shows_secret)
    credential::wipe(std::as_writable_bytes(std::span(receipts).subspan(reply.begin, reply.size)));
  reply.revoke(instead);
}

void GroupAnswers::empty_out() {
  decided.clear();
  credential::wipe(std::as_writable_bytes(std::span(receipts)));
  receipts.clear();
}

void Group::empty_out() {
  records.clear();
  answers.empty_out();
  published = std::make_unique<Published>();
  erased.clear();
  operators_changed = false;
  lines.clear();
  identities.clear();
  bytes = 0;
}

void Group::add(Reply&& reply) {
  bytes += reply.receipt.size() + (reply.task == nullptr ? 0 : reply.task->message.bytes().size());
  answers.decided.emplace_back(std::move(reply), nullptr);
}

void Group::complete(const credential::KeyStore& keys) {
  for (GroupRecord& one : records)
    if (one.task != nullptr)
      std::ranges::copy(hash_of_contents(keys, *one.task),
                        domain::contents_hash_in(one.bytes).begin());
}

void Group::make_receipts(ReceiptMaker& maker) {
  for (GroupEntry& one : answers.decided) {
    Reply& reply = one.reply;
    if (!reply.record) continue;
    const domain::StoredRecord& record = records[*reply.record].bytes;
    reply.begin = answers.receipts.size();
    maker.append({record.data(), record.size()}, reply.task->made_keys, answers.receipts);
    reply.size = answers.receipts.size() - reply.begin;
  }
}

namespace {

/// Almost all that is changed are users; the memory of what was taken out stays.
void take_out(domain::Changes& changes, domain::Changes& all) {
  std::ranges::move(changes.users, std::back_inserter(all.users));
  changes.users.clear();
  std::ranges::move(changes.index_parts, std::back_inserter(all.index_parts));
  changes.index_parts.clear();
  if (!changes.empty()) all.append(std::move(changes));
}

}  // namespace

bool Group::add_changes(const schema::Record& record, domain::Changes& changes,
                        const domain::State& state) {
  const std::size_t erased_before = erased.size();
  for (const schema::Event* event : *record.events())
    if (event->body_type() == schema::EventBody::UserErased)
      erased.push_back(slot_of(state.tables().find_user(*event->user())->key));
  operators_changed |= !changes.operators.empty();
  add_lines(record, changes, state, lines);
  domain::note(record, changes, published->notes);
  if (record.tenant() != nullptr) {
    auto& heads = published->tenant_heads;
    if (heads.empty() || heads.back().tenant != *record.tenant())
      heads.push_back({*record.tenant()});
    heads.back().seq = record.seq();
  }
  take_out(changes, published->changes);
  return erased.size() > erased_before;
}

void Group::leave_erasures_unacknowledged() {
  for (GroupEntry& one : answers.decided)
    if (one.reply.erases) answers.revoke(one.reply, schema::Code::erase_unfinished);
}

domain::Changes Group::revoke() {
  records.clear();
  erased.clear();
  for (GroupEntry& one : answers.decided)
    if (one.own == nullptr) answers.revoke(one.reply, schema::Code::journal_unavailable);
  operators_changed = false;
  lines.clear();
  for (AttemptOutcome& outcome : published->attempts)
    outcome.code = schema::Code::journal_unavailable;
  published->notes = {};
  published->tenant_heads = {};
  return std::exchange(published->changes, {});
}

bool erases(const schema::Record& record) {
  return std::ranges::any_of(*record.events(), [](const schema::Event* event) {
    return event->body_type() == schema::EventBody::UserErased;
  });
}

}  // namespace postern::service
