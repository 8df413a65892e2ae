// What the apply files share: one event with its surroundings, and how entries are replaced.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "daemon/domain/access.h"
#include "daemon/domain/apply.h"
#include "daemon/domain/conditions.h"
#include "schema/text_view.h"

namespace postern::domain {

using schema::view_of;

/// One event with all that its handler may use.
struct Scene {
  State& state;
  const RecordFacts& record;
  const schema::Event& event;
  std::uint16_t index;
  Changes& changes;
};

/// Null where there are none.
Sealed sealed_bytes(const flatbuffers::Vector<std::uint8_t>* bytes);

/// Not its alias, which an index knows.
template <class Edit>
void edit_tenant(const Scene& scene, Edit edit) {
  const auto mark_and_edit = [&](Tenant& tenant) {
    tenant.changed_seq = scene.record.seq;
    edit(tenant);
  };
  if (!scene.changes.tells_all &&
      scene.state.edit_tenant_in_place(scene.record.tenant, mark_and_edit))
    return;
  const Tenant* before = scene.state.tables().find_tenant(scene.record.tenant);
  if (before == nullptr) return;
  auto after = make_counted<Tenant>(*before);
  if (before->policies.networks != nullptr)
    scene.changes.work += before->policies.networks->entries.size();
  mark_and_edit(*after);
  scene.state.replace(Owned<Tenant>(std::move(after)), scene.changes);
}

/// U13: what every event about a user changes of it.
inline void mark_changed(const RecordFacts& record, User& user) {
  user.last_seq = record.seq;
  if (record.role == schema::Role::daemon) return;
  ++user.version;
  user.changed_seq = record.seq;
}

/// Puts another entry in place of the user's; for edits of name or status, which indexes know.
template <class Edit>
void replace_user(const Scene& scene, Edit edit) {
  if (scene.event.user() == nullptr) return;
  const User* before = scene.state.tables().find_user(*scene.event.user());
  if (before == nullptr) return;
  auto after = make_counted<User>(*before);
  mark_changed(scene.record, *after);
  edit(*after);
  scene.state.replace(Owned<User>(std::move(after)), scene.changes);
}

/// For all other edits.
template <class Edit>
void edit_user(const Scene& scene, Edit edit) {
  const auto mark_and_edit = [&](User& user) {
    mark_changed(scene.record, user);
    edit(user);
  };
  const bool is_done = !scene.changes.tells_all && scene.event.user() != nullptr &&
                       scene.state.edit_user_in_place(*scene.event.user(), mark_and_edit);
  if (!is_done) replace_user(scene, edit);
}

/// Edits what few users have; a default one becomes none again.
template <class Edit>
void edit_extras(User& user, Edit edit) {
  auto after = make_counted<UserExtras>(extras_of(user));
  edit(*after);
  if (*after == no_extras) after.reset();
  user.extras = std::move(after);
}

template <class Edit>
void edit_marks(User& user, Edit edit) {
  UserMarks after = marks_of(user);
  edit(after);
  set_marks(user, after);
}

/// The grant that an event of either holder adds.
template <class Body>
Grant grant_of(const Scene& scene, const Body& body, bool conditional) {
  Grant grant;
  grant.resource = scene.state.intern(body.resource()->string_view(), scene.changes);
  grant.action = scene.state.intern(body.action()->string_view(), scene.changes);
  scene.state.intern_right(*grant.resource, *grant.action, scene.changes);
  grant.seq = scene.record.seq & ((std::uint64_t{1} << 51) - 1);
  grant.index = scene.index & 1023U;
  grant.conditional = conditional;
  grant.deny = body.effect() == schema::Effect::deny;
  grant.wildcard = body.resource()->string_view().find('*') != std::string_view::npos;
  return grant;
}

/// The grant that an event of either holder removes.
template <class Body>
GrantName name_of_grant(const Body& body) {
  return {body.grant()->seq(), body.grant()->index(), body.effect(), view_of(body.action()),
          view_of(body.resource())};
}

/// T2: this event clears the user's lock by its tenant.
void clear_tenant_lock(const Scene& scene, User& user);
/// U9, C6: a lock for wrong passwords is no more.
void open_passwords_lock(User& user);
/// C7: what a rotation left valid is so no more.
void drop_old_password(User& user);
/// S2: every session of the user that is open now is dead for ever.
void end_sessions(const Scene& scene, User& user);

// One handler for each kind of event. Total: what a record holds was decided before (law 1).
void journal_created(const Scene& scene, const schema::JournalCreated& body);
void tenant_created(const Scene& scene, const schema::TenantCreated& body);
void tenant_enabled(const Scene& scene, const schema::TenantEnabled& body);
void tenant_disabled(const Scene& scene, const schema::TenantDisabled& body);
void user_created(const Scene& scene, const schema::UserCreated& body);
void user_status_changed(const Scene& scene, const schema::UserStatusChanged& body);
void user_locked(const Scene& scene, const schema::UserLocked& body);
void user_unlocked(const Scene& scene, const schema::UserUnlocked& body);
void api_access_changed(const Scene& scene, const schema::ApiAccessChanged& body);
void password_reset(const Scene& scene, const schema::PasswordReset& body);
void password_changed(const Scene& scene, const schema::PasswordChanged& body);
void password_failed(const Scene& scene, const schema::PasswordFailed& body);
void password_accepted(const Scene& scene, const schema::PasswordAccepted& body);
void password_rehashed(const Scene& scene, const schema::PasswordRehashed& body);
void grant_added(const Scene& scene, const schema::GrantAdded& body);
void grant_removed(const Scene& scene, const schema::GrantRemoved& body);
void operator_added(const Scene& scene, const schema::OperatorAdded& body);
void operator_changed(const Scene& scene, const schema::OperatorChanged& body);
void operator_removed(const Scene& scene, const schema::OperatorRemoved& body);
void command_refused(const Scene& scene, const schema::CommandRefused& body);
void user_used(const Scene& scene, const schema::UserUsed& body);
void catalogue_defined(const Scene& scene, const schema::CatalogueDefined& body);
void catalogue_retired(const Scene& scene, const schema::CatalogueRetired& body);
void ranges_imported(const Scene& scene, const schema::RangesImported& body);
void role_created(const Scene& scene, const schema::RoleCreated& body);
void role_deleted(const Scene& scene, const schema::RoleDeleted& body);
void role_grant_added(const Scene& scene, const schema::RoleGrantAdded& body);
void role_grant_removed(const Scene& scene, const schema::RoleGrantRemoved& body);
void role_nested(const Scene& scene, const schema::RoleNested& body);
void role_unnested(const Scene& scene, const schema::RoleUnnested& body);
void role_assigned(const Scene& scene, const schema::RoleAssigned& body);
void role_unassigned(const Scene& scene, const schema::RoleUnassigned& body);
void tenant_sessions_ended(const Scene& scene, const schema::TenantSessionsEnded& body);
void password_rotated(const Scene& scene, const schema::PasswordRotated& body);
void key_created(const Scene& scene, const schema::KeyCreated& body);
void key_revoked(const Scene& scene, const schema::KeyRevoked& body);
void session_ended(const Scene& scene, const schema::SessionEnded& body);
void sessions_ended(const Scene& scene, const schema::SessionsEnded& body);
void tenant_changed(const Scene& scene, const schema::TenantChanged& body);
void user_renamed(const Scene& scene, const schema::UserRenamed& body);
void profile_changed(const Scene& scene, const schema::ProfileChanged& body);
void user_erased(const Scene& scene, const schema::UserErased& body);
void user_settings_changed(const Scene& scene, const schema::UserSettingsChanged& body);
void keys_backed_up(const Scene& scene, const schema::KeysBackedUp& body);
void journal_restored(const Scene& scene, const schema::JournalRestored& body);
void review_recorded(const Scene& scene, const schema::ReviewRecorded& body);

}  // namespace postern::domain
