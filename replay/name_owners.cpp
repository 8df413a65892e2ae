#include "replay/name_owners.h"

#include <algorithm>
#include <utility>

#include "replay/talk.h"
#include "schema/text_view.h"

namespace postern::replay {

using schema::view_of;

void NameOwners::gain(const domain::Uuid& user, domain::Seq seq) {
  owners_.push_back({user, seq, 0});
}

void NameOwners::lose(const domain::Uuid& user, domain::Seq seq) {
  const auto found = std::ranges::find_if(
      owners_, [&](const auto& owner) { return owner.user == user && owner.until_seq == 0; });
  if (found != owners_.end()) found->until_seq = seq;
}

void NameOwners::note(const Step& step) {
  for (const auto& change : step.changes.tenants)
    if (change.after && change.after->alias == tenant_) tenant_id_ = change.after->id;
  if (tenant_id_ == domain::Uuid()) return;
  const auto has_it = [&](const auto& user) {
    return user && user->tenant == tenant_id_ && user->status != schema::UserStatus::deleted &&
           domain::equal_names(user->username, username_);
  };
  for (const auto& change : step.changes.users) {
    const bool had = has_it(change.before);
    const bool has = has_it(change.after);
    if (has && !had) gain(change.after->id, step.record.seq());
    if (had && !has) lose(change.before->id, step.record.seq());
  }
}

void NameOwners::note_later(const schema::Record& record) {
  if (record.tenant() == nullptr) return;
  for (const schema::Event* event : *record.events()) {
    if (const auto* created = event->body_as_TenantCreated())
      if (view_of(created->alias()) == tenant_) tenant_id_ = *record.tenant();
    if (*record.tenant() != tenant_id_ || event->user() == nullptr) continue;
    const domain::Uuid& user = *event->user();
    if (const auto* created = event->body_as_UserCreated())
      if (domain::equal_names(view_of(created->username()), username_)) gain(user, record.seq());
    if (const auto* renamed = event->body_as_UserRenamed()) {
      lose(user, record.seq());
      if (domain::equal_names(view_of(renamed->to()), username_)) gain(user, record.seq());
    }
    if (const auto* changed = event->body_as_UserStatusChanged())
      if (changed->to() == schema::UserStatus::deleted) lose(user, record.seq());
  }
}

bool NameOwners::are_several() const {
  return std::ranges::any_of(owners_,
                             [&](const auto& owner) { return owner.user != owners_[0].user; });
}

void NameOwners::tell_once(std::ostream& talk) {
  if (std::exchange(is_told_, true) || !are_several()) return;
  say(talk, text::owners_sentence(username_, owners_));
}

}  // namespace postern::replay
