// U: users.
#include <algorithm>

#include "codes.h"
#include "daemon/domain/cleared.h"

namespace postern::domain {

using schema::Code;
using schema::UserStatus;

namespace {

/// U6: one move of status; anything else names the status the user has.
void move(const Case& asked, std::initializer_list<UserStatus> from, UserStatus to) {
  const User* user = require_known_user(asked);
  if (user == nullptr) return;
  if (std::ranges::find(from, user->status) == from.end())
    return asked.refuse(Code::status_move_not_allowed, "user",
                        "Its status is " + std::string(name_of(user->status)) + ".");
  schema::UserStatusChangedT changed;
  changed.from = user->status;
  changed.to = to;
  asked.cause(*user, changed);
}

}  // namespace

void create_user(const Case& asked) {
  const Tenant* tenant = require_tenant(asked);
  if (tenant == nullptr) return;
  const auto& body = *asked.command.body_as_CreateUser();
  const std::string username = username_of(asked, *tenant);
  const UserStatus status =
      body.status() == UserStatus::unset ? tenant->policies.new_user_status : body.status();
  const bool generated = tenant->policies.username_generated;
  if (!generated) check_username(asked, *tenant, username);
  if (status != UserStatus::new_user && status != UserStatus::active)
    asked.refuse(Code::field_malformed, "status", "A user starts as new_user or active.");
  if (asked.asker().role == schema::Role::manager && status == UserStatus::new_user)
    asked.refuse(Code::not_permitted, "status", "A manager may not make a user that is new.");
  if (asked.state.tables().find_user(tenant->id, username) != nullptr)
    asked.refuse(Code::user_exists, "username", quoted(username) + ".");
  check_profile(asked, body.profile(), body.note(), size_of(personal_of(body)));
  schema::UserSettingsT settings;
  if (body.settings() != nullptr) {
    body.settings()->UnPackTo(&settings);
    settings.networks = stored_networks(body.settings()->networks());
    check_settings(asked, settings, body.settings()->networks(), EmptyList::refused);
  }
  Cleared cleared(asked, schema::clearable_in_create_user, body.cleared());
  const auto api_access = cleared.value("api_access", body.api_access());
  cleared.refuse_unknown();
  if (!asked.material.password.empty() || asked.material.password_confirmation)
    check_new_password(asked, *tenant, username);
  if (asked.material.hash_brought == HashBrought::unknown)
    asked.refuse(Code::field_malformed, "password_hash",
                 "It is no Argon2id, bcrypt or SHA-crypt string that is taken, or too dear.");
  if (asked.material.hash_brought != HashBrought::none && !asked.material.password.empty())
    asked.refuse(Code::field_malformed, "password_hash", "There is a password too.");
  if (!asked.decision.refusals.empty()) return;
  schema::UserCreatedT created;
  created.user = std::make_unique<Uuid>(asked.material.new_id);
  created.username = username;
  created.status = status;
  created.api_access = api_access.value_or(tenant->policies.new_user_api_access);
  created.key = std::make_unique<schema::KeyReferenceT>();
  created.key->file = asked.material.key.file;
  created.key->slot = asked.material.key.slot;
  created.key->commitment.assign(asked.material.key.commitment.begin(),
                                 asked.material.key.commitment.end());
  created.sealed_profile = asked.material.sealed_profile;
  created.sealed_password = asked.material.sealed_password;
  if (!(settings == schema::UserSettingsT()))
    created.settings = std::make_unique<schema::UserSettingsT>(std::move(settings));
  asked.cause_new(asked.material.new_id, created,
                  generated ? std::string() : prefix_warning(*tenant, username));
}

void enable_user(const Case& asked) {
  move(asked, {UserStatus::new_user, UserStatus::inactive}, UserStatus::active);
}

void disable_user(const Case& asked) { move(asked, {UserStatus::active}, UserStatus::inactive); }

void trash_user(const Case& asked) {
  move(asked, {UserStatus::new_user, UserStatus::active, UserStatus::inactive},
       UserStatus::trashed);
}

void restore_user(const Case& asked) { move(asked, {UserStatus::trashed}, UserStatus::inactive); }

void delete_user(const Case& asked) {
  const Tenant* tenant =
      find_tenant_in_scope(asked.state, asked.asker(), view_of(asked.context.message->tenant()));
  if (tenant != nullptr && tenant->policies.direct_deletion)
    return move(
        asked,
        {UserStatus::trashed, UserStatus::new_user, UserStatus::active, UserStatus::inactive},
        UserStatus::deleted);
  move(asked, {UserStatus::trashed}, UserStatus::deleted);
}

void erase_user(const Case& asked) {
  const User* user = require_known_user(asked);
  if (user == nullptr) return;
  if (is_erased(*user)) return asked.refuse(Code::user_erased, "user");
  // From the trash it is both: whoever is erased never acts again. What the daemon repeats was
  // decided before, by a journal whose copy may not know yet that the user was trashed.
  if (asked.asker().role == schema::Role::daemon && user->status != UserStatus::deleted)
    move(asked, {user->status}, UserStatus::deleted);
  else if (user->status != UserStatus::deleted)
    move(asked, {UserStatus::trashed}, UserStatus::deleted);
  if (asked.decision.refusals.empty()) asked.cause(*user, schema::UserErasedT());
}

void lock_user(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  if (extras_of(*user).operator_lock_seq != 0)
    return asked.refuse(Code::user_already_locked, "user");
  schema::UserLockedT locked;
  locked.cause = schema::LockCause::operator_command;
  asked.cause(*user, locked);
}

void unlock_user(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  schema::UserUnlockedT unlocked;
  for (const Lock& lock :
       locks_of(*asked.state.tables().find_tenant(user->tenant), *user, asked.context.now_ns)) {
    const bool clears = lock.cause == schema::LockCause::operator_command ||
                        (lock.cause == schema::LockCause::tenant && user->password_seq == 0);
    if (clears) unlocked.causes.push_back(lock.cause);
  }
  if (unlocked.causes.empty()) return asked.refuse(Code::user_not_locked, "user");
  asked.cause(*user, unlocked);
}

void set_api_access(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  const bool allowed = asked.command.body_as_SetApiAccess()->allowed();
  if (user->api_access == allowed)
    return asked.refuse(Code::api_access_unchanged, "allowed",
                        allowed ? "It is on." : "It is off.");
  schema::ApiAccessChangedT changed;
  changed.allowed = allowed;
  asked.cause(*user, changed);
}

}  // namespace postern::domain
