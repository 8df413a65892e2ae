// H10: what records did to users themselves.
#include <algorithm>

#include "command_marks.h"
#include "daemon/domain/profile.h"
#include "daemon/view/undo.h"
#include "schema/cleared_text.h"

namespace postern::view {

namespace {

using schema::Code;
using schema::EventBody;
using schema::UserStatus;
using Step = Undoing::Step;

template <class Body>
void send_bare(Undoing& undoing, const domain::User& user) {
  undoing.send(user, Body());
}

using Send = void (*)(Undoing&, const domain::User&);

/// U6: the way back; null: one command is enough.
struct MoveBack {
  UserStatus from;
  UserStatus to;
  Send first;
  Send second = nullptr;
};

constexpr MoveBack moves_back[] = {
    {UserStatus::active, UserStatus::inactive, send_bare<schema::EnableUserT>},
    {UserStatus::inactive, UserStatus::active, send_bare<schema::DisableUserT>},
    {UserStatus::inactive, UserStatus::trashed, send_bare<schema::RestoreUserT>},
    {UserStatus::active, UserStatus::trashed, send_bare<schema::RestoreUserT>,
     send_bare<schema::EnableUserT>},
    {UserStatus::trashed, UserStatus::inactive, send_bare<schema::TrashUserT>},
};

bool is_lock_event(const schema::Event& event) {
  return is_kind(event, EventBody::UserLocked) || is_kind(event, EventBody::UserUnlocked);
}

/// U9: the event is of the lock by an operator, and of that alone.
bool is_of_operator_lock(const schema::Event& event) {
  using schema::LockCause;
  if (const auto* locked = event.body_as_UserLocked())
    return locked->cause() == LockCause::operator_command;
  const auto* causes = event.body_as_UserUnlocked()->causes();
  return causes != nullptr && causes->size() == 1 &&
         static_cast<LockCause>(causes->Get(0)) == LockCause::operator_command;
}

/// UnlockUser opens this one too, where there is no password.
const domain::Lock* lock_by_tenant(const std::vector<domain::Lock>& locks,
                                   const domain::User& user) {
  const auto lock = std::ranges::find(locks, schema::LockCause::tenant, &domain::Lock::cause);
  return lock == locks.end() || user.password_seq != 0 ? nullptr : &*lock;
}

Step unlock(Undoing& undoing, const domain::User& user) {
  const auto locks = domain::locks_of(*undoing.tenant, user, undoing.inquiry.now_ns);
  const domain::Lock* other = lock_by_tenant(locks, user);
  if (other != nullptr && other->seq > undoing.seq())
    return undoing.overtaken(other->seq, "locked the user with its tenant");
  if (other != nullptr)
    return Undoing::impossible("Unlocking would open the lock by the user's tenant, too.");
  undoing.send(user, schema::UnlockUserT());
  return {};
}

/// What the user's profile and note were as this event left them.
schema::PersonalT personal_after(const Undoing& undoing, const domain::User& user,
                                 const Undoing::Found& found) {
  const flatbuffers::Vector<std::uint8_t>* sealed = nullptr;
  if (found.event == nullptr) return {};
  if (const auto* changed = found.event->body_as_ProfileChanged())
    sealed = changed->sealed_profile();
  else if (const auto* created = found.event->body_as_UserCreated())
    sealed = created->sealed_profile();
  if (sealed == nullptr) return {};
  domain::User as_it_was = user;
  as_it_was.sealed_profile = domain::SealedBytes::of({sealed->data(), sealed->size()});
  return undoing.inquiry.sources.personal(as_it_was);
}

/// What a command must say so that `now` becomes `before`; empty: nothing.
std::string text_back(const std::string& before, const std::string& now) {
  if (before == now) return {};
  return before.empty() ? std::string(schema::cleared_text) : before;
}

std::string value_of(const schema::ProfileT& profile, std::string_view name) {
  for (const auto& attribute : profile.attributes)
    if (attribute->name == name) return attribute->value;
  return {};
}

/// An attribute without a value goes.
void attributes_back(const schema::ProfileT& before, const schema::ProfileT& now,
                     schema::ProfileT& back) {
  const auto add = [&](const std::string& name, const std::string& value) {
    auto& made = back.attributes.emplace_back(std::make_unique<schema::AttributeT>());
    made->name = name;
    made->value = value;
  };
  for (const auto& attribute : before.attributes)
    if (value_of(now, attribute->name) != attribute->value) add(attribute->name, attribute->value);
  for (const auto& attribute : now.attributes)
    if (value_of(before, attribute->name).empty()) add(attribute->name, "");
}

std::unique_ptr<schema::ProfileT> profile_back(const schema::PersonalT& before,
                                               const schema::PersonalT& now) {
  const schema::ProfileT none;
  const schema::ProfileT& old_profile = before.profile == nullptr ? none : *before.profile;
  const schema::ProfileT& new_profile = now.profile == nullptr ? none : *now.profile;
  auto back = std::make_unique<schema::ProfileT>();
  std::vector<const std::string*> olds;
  std::vector<const std::string*> news;
  schema::visit_clearable(
      old_profile, [&](std::string_view, const std::string& text) { olds.push_back(&text); });
  schema::visit_clearable(
      new_profile, [&](std::string_view, const std::string& text) { news.push_back(&text); });
  std::size_t place = 0;
  schema::visit_clearable(*back, [&](std::string_view, std::string& text) {
    text = text_back(*olds[place], *news[place]);
    ++place;
  });
  attributes_back(old_profile, new_profile, *back);
  return back;
}

}  // namespace

Step undo_creation(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const domain::User& user = undoing.user(event);
  if (user.changed_seq != undoing.seq())
    return undoing.overtaken(user.changed_seq, "changed the user since");
  const bool directly = undoing.tenant->policies.direct_deletion;
  if (!directly && user.status != UserStatus::trashed) undoing.send(user, schema::TrashUserT());
  undoing.send(user, schema::DeleteUserT());
  undoing.left.push_back("User '" + user.username +
                         "' is deleted; its id, its name and its dates stay in the history.");
  return {};
}

Step undo_status(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const domain::User& user = undoing.user(event);
  const auto& body = *event.body_as_UserStatusChanged();
  const domain::Seq status_seq = domain::marks_of(user).status_seq;
  if (undoing.is_last("status", user.id) && status_seq != undoing.seq())
    return undoing.overtaken(status_seq, "changed the user's status since");
  for (const MoveBack& move : moves_back) {
    if (move.from != body.from() || move.to != body.to()) continue;
    move.first(undoing, user);
    if (move.second != nullptr) move.second(undoing, user);
    return {};
  }
  return Undoing::impossible("No move leads back to the status that user '" + user.username +
                             "' had.");
}

Step undo_lock(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const domain::User& user = undoing.user(event);
  if (!is_of_operator_lock(event))
    return Undoing::impossible(
        "A lock for wrong passwords or by the tenant is the daemon's; a password reset opens it.");
  if (!undoing.is_last("lock", user.id)) return {};
  const domain::Seq lock = domain::extras_of(user).operator_lock_seq;
  const bool locked_it = is_kind(event, EventBody::UserLocked);
  if (locked_it ? lock != undoing.seq() : lock != 0)
    return undoing.overtaken(lock != 0 ? lock : undoing.later_of(user, is_lock_event),
                             "changed the user's lock since");
  const schema::Event* first = undoing.first([&](const schema::Event& one) {
    return is_about(one, user.id) && is_lock_event(one) && is_of_operator_lock(one);
  });
  const bool was_locked = is_kind(*first, EventBody::UserUnlocked);
  if (was_locked == locked_it) return {};
  if (locked_it) return unlock(undoing, user);
  undoing.send(user, schema::LockUserT());
  return {};
}

Step undo_api_access(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const domain::User& user = undoing.user(event);
  if (!undoing.is_last("api_access", user.id)) return {};
  const domain::Seq switched_seq = domain::marks_of(user).api_access_seq;
  if (switched_seq != undoing.seq())
    return undoing.overtaken(switched_seq, "switched the user's API access since");
  const schema::Event* first = undoing.first([&](const schema::Event& one) {
    return is_about(one, user.id) && is_kind(one, EventBody::ApiAccessChanged);
  });
  schema::SetApiAccessT body;
  body.allowed = !first->body_as_ApiAccessChanged()->allowed();
  if (body.allowed != user.api_access) undoing.send(user, std::move(body));
  return {};
}

Step undo_renaming(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const domain::User& user = undoing.user(event);
  if (!undoing.is_last("name", user.id)) return {};
  const auto renames = [](const schema::Event& one) {
    return is_kind(one, EventBody::UserRenamed);
  };
  if (const domain::Seq later = undoing.later_of(user, renames))
    return undoing.overtaken(later, "renamed the user since");
  const schema::Event* first = undoing.first(
      [&](const schema::Event& one) { return is_about(one, user.id) && renames(one); });
  schema::RenameUserT body;
  body.username = view_of(first->body_as_UserRenamed()->from());
  if (body.username == user.username) return {};
  const domain::User* holder = undoing.tables().find_user(user.tenant, body.username);
  if (holder != nullptr && holder->id != user.id)
    return undoing.overtaken(std::max(holder->created_seq, undoing.later_of(*holder, renames)),
                             "gave the name to another user");
  undoing.send(user, std::move(body));
  return {};
}

Step undo_settings(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const domain::User& user = undoing.user(event);
  if (!undoing.is_last("settings", user.id)) return {};
  const domain::Seq newest = domain::extras_of(user).settings_seq;
  if (newest != undoing.seq()) return undoing.overtaken(newest, "changed the settings since");
  const auto before = undoing.earlier_of(user, [](const schema::Event& one) {
    return is_kind(one, EventBody::UserSettingsChanged) || is_kind(one, EventBody::UserCreated);
  });
  schema::UserSettingsT old;
  if (before.event != nullptr) {
    const auto* changed = before.event->body_as_UserSettingsChanged();
    const auto* created = before.event->body_as_UserCreated();
    const auto* stored = changed != nullptr ? changed->settings() : created->settings();
    if (stored != nullptr) stored->UnPackTo(&old);
  }
  schema::SetUserSettingsT body;
  body.networks = old.networks ? std::move(old.networks) : std::make_unique<schema::NetworksT>();
  body.skip_ip_check = old.skip_ip_check;
  body.secure_transport_required = old.secure_transport_required;
  body.session_timeout_seconds = old.session_timeout_seconds;
  body.api_logging = old.api_logging;
  undoing.send(user, std::move(body));
  return {};
}

Step undo_profile(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const domain::User& user = undoing.user(event);
  if (!undoing.is_last("profile", user.id)) return {};
  if (domain::is_erased(user)) return Undoing::impossible("What was erased is gone for ever.");
  const auto changes = [](const schema::Event& one) {
    return is_kind(one, EventBody::ProfileChanged);
  };
  if (const domain::Seq later = undoing.later_of(user, changes))
    return undoing.overtaken(later, "changed the profile since");
  const auto found = undoing.earlier_of(user, [&](const schema::Event& one) {
    return changes(one) || is_kind(one, EventBody::UserCreated);
  });
  const schema::PersonalT before = personal_after(undoing, user, found);
  const schema::PersonalT now = undoing.inquiry.sources.personal(user);
  schema::SetProfileT body;
  body.profile = profile_back(before, now);
  body.note = text_back(before.note, now.note);
  // U4: not even the note of before is told to who may not read it.
  if (!body.note.empty() && !domain::reads_notes(undoing.inquiry.asker.role))
    return refused(Code::not_permitted, "seq", "It changed the note, which you may not read.");
  undoing.send(user, std::move(body));
  return {};
}

Step undo_key(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const domain::User& user = undoing.user(event);
  const Uuid& id = *event.body_as_KeyCreated()->key();
  const domain::ApiKey* key = domain::find_key(user, id);
  if (key == nullptr)
    return undoing.overtaken(undoing.later_of(user,
                                              [&](const schema::Event& one) {
                                                const auto* body = one.body_as_KeyRevoked();
                                                return body != nullptr && *body->key() == id;
                                              }),
                             "revoked the key");
  schema::RevokeKeyT body;
  body.name = key->name;
  undoing.send(user, std::move(body));
  return {};
}

}  // namespace postern::view
