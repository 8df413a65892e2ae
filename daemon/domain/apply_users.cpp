// Users.
#include <algorithm>

#include "daemon/domain/handlers.h"

namespace postern::domain {

namespace {

void set_settings(const schema::UserSettings& settings, UserExtras& extras) {
  extras.networks = compile(settings.networks()).value_or(nullptr);
  extras.skip_ip_check = settings.skip_ip_check();
  extras.secure_transport_required = settings.secure_transport_required();
  extras.session_timeout_seconds = settings.session_timeout_seconds();
  extras.api_logging = settings.api_logging();
}

}  // namespace

void user_created(const Scene& scene, const schema::UserCreated& body) {
  if (body.user() == nullptr) return;
  auto user = make_counted<User>();
  user->id = *body.user();
  user->tenant = scene.record.tenant;
  user->username = view_of(body.username());
  if (const schema::KeyReference* key = body.key()) {
    user->key.file = key->file();
    user->key.slot = key->slot();
    if (key->commitment() != nullptr && key->commitment()->size() == user->key.commitment.size())
      std::ranges::copy(*key->commitment(), user->key.commitment.begin());
  }
  user->status = body.status();
  user->api_access = body.api_access();
  user->version = 1;
  user->created_seq = scene.record.seq;
  clear_tenant_lock(scene, *user);
  user->last_seq = scene.record.seq;
  user->changed_seq = scene.record.seq;
  user->sealed_profile = sealed_bytes(body.sealed_profile());
  user->sealed_password = sealed_bytes(body.sealed_password());
  if (user->sealed_password) user->password_seq = scene.record.seq;
  user->grants = no_grants();
  if (body.settings() != nullptr)
    edit_extras(*user, [&](UserExtras& extras) { set_settings(*body.settings(), extras); });
  scene.state.replace(Owned<User>(std::move(user)), scene.changes);
}

void user_status_changed(const Scene& scene, const schema::UserStatusChanged& body) {
  replace_user(scene, [&](User& user) {
    user.status = body.to();
    edit_marks(user, [&](UserMarks& marks) { marks.status_seq = scene.record.seq; });
    if (body.to() != schema::UserStatus::active) end_sessions(scene, user);
  });
}

void user_locked(const Scene& scene, const schema::UserLocked& body) {
  edit_user(scene, [&](User& user) {
    const bool by_passwords = body.cause() == schema::LockCause::passwords;
    edit_extras(user, [&](UserExtras& extras) {
      if (by_passwords) {
        extras.passwords_lock_seq = scene.record.seq;
        extras.passwords_lock_ns = scene.record.time_ns;
      }
      if (body.cause() == schema::LockCause::operator_command)
        extras.operator_lock_seq = scene.record.seq;
    });
    const Tenant* tenant = scene.state.tables().find_tenant(user.tenant);
    const bool sessions_go_on =
        by_passwords && tenant != nullptr && tenant->policies.lock_closes_password_only;
    if (!sessions_go_on) end_sessions(scene, user);
  });
}

void user_unlocked(const Scene& scene, const schema::UserUnlocked& body) {
  edit_user(scene, [&](User& user) {
    if (body.causes() == nullptr) return;
    for (const auto raw : *body.causes()) {
      const auto cause = static_cast<schema::LockCause>(raw);
      if (cause == schema::LockCause::passwords) open_passwords_lock(user);
      if (cause == schema::LockCause::operator_command)
        edit_extras(user, [](UserExtras& extras) { extras.operator_lock_seq = 0; });
      if (cause == schema::LockCause::tenant) clear_tenant_lock(scene, user);
    }
  });
}

void api_access_changed(const Scene& scene, const schema::ApiAccessChanged& body) {
  edit_user(scene, [&](User& user) {
    user.api_access = body.allowed();
    edit_marks(user, [&](UserMarks& marks) { marks.api_access_seq = scene.record.seq; });
    if (!body.allowed()) end_sessions(scene, user);
  });
}

void user_renamed(const Scene& scene, const schema::UserRenamed& body) {
  replace_user(scene, [&](User& user) { user.username = view_of(body.to()); });
}

void profile_changed(const Scene& scene, const schema::ProfileChanged& body) {
  edit_user(scene, [&](User& user) { user.sealed_profile = sealed_bytes(body.sealed_profile()); });
}

void user_erased(const Scene& scene, const schema::UserErased&) {
  edit_user(scene, [&](User& user) {
    user.sealed_profile.reset();
    user.sealed_password.reset();
    user.password_seq = 0;
    drop_old_password(user);
    edit_extras(user, [&](UserExtras& extras) { extras.erased_seq = scene.record.seq; });
  });
}

void user_settings_changed(const Scene& scene, const schema::UserSettingsChanged& body) {
  if (body.settings() == nullptr) return;
  edit_user(scene, [&](User& user) {
    edit_extras(user, [&](UserExtras& extras) {
      set_settings(*body.settings(), extras);
      extras.settings_seq = scene.record.seq;
    });
  });
}

}  // namespace postern::domain
