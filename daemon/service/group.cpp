#include "daemon/service/group.h"

#include <algorithm>
#include <utility>

#include "daemon/service/personal.h"
#include "daemon/service/record_lines.h"

namespace postern::service {

schema::Code Reply::code() const {
  return flatbuffers::GetRoot<schema::Receipt>(receipt.data())->code();
}

void Reply::revoke(schema::Code code) {
  if (shows_secret)
    credential::wipe(std::as_writable_bytes(std::span(receipt.data(), receipt.size())));
  Unrecorded made;
  made.id = id;
  made.problems.push_back(make_problem(code, ""));
  receipt = receipt_of(std::move(made));
}

std::size_t Reply::bytes() const {
  return receipt.size() + (task == nullptr ? 0 : task->message.bytes().size());
}

void Group::add(Reply reply) {
  bytes += reply.bytes();
  decided.push_back({std::move(reply), {}});
}

void Group::add_changes(const schema::Record& record, domain::Changes changes,
                        const domain::State& state) {
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
  published->changes.append(std::move(changes));
}

std::vector<Reply> Group::take_replies() {
  std::vector<Reply> replies;
  for (GroupEntry& one : decided)
    if (one.reply) {
      one.reply->task.reset();
      replies.push_back(std::move(*one.reply));
    }
  decided.clear();
  return replies;
}

void Group::leave_erasures_unacknowledged() {
  for (GroupEntry& one : decided)
    if (one.reply && one.reply->erases) one.reply->revoke(schema::Code::erase_unfinished);
}

domain::Changes Group::revoke() {
  records.clear();
  erased.clear();
  for (GroupEntry& one : decided)
    if (one.reply) one.reply->revoke();
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
