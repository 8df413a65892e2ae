// U: users.
#include <algorithm>

#include "codes.h"
#include "daemon/domain/rules.h"

namespace postern::domain {

using schema::Code;
using schema::UserStatus;

namespace {

constexpr std::size_t username_bytes_max = 128;
constexpr std::size_t profile_bytes_max = 16'384;
constexpr std::size_t attributes_max = 64;
constexpr std::size_t note_bytes_max = 4'096;

bool is_username(std::string_view text) {
  const auto known = [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') ||
           std::string_view("._@+-").find(character) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= username_bytes_max && std::ranges::all_of(text, known);
}

struct ProfileField {
  std::string_view name;
  const flatbuffers::String* (schema::Profile::*value)() const;
};

constexpr ProfileField profile_fields[] = {
    {"first_name", &schema::Profile::first_name},
    {"last_name", &schema::Profile::last_name},
    {"email", &schema::Profile::email},
    {"description", &schema::Profile::description},
    {"organization", &schema::Profile::organization},
    {"department", &schema::Profile::department},
    {"warehouse", &schema::Profile::warehouse},
    {"language", &schema::Profile::language},
    {"time_zone", &schema::Profile::time_zone},
    {"phone", &schema::Profile::phone},
    {"address", &schema::Profile::address},
    {"hire_date", &schema::Profile::hire_date},
    {"system", &schema::Profile::system},
};

constexpr std::string_view not_text = "It must be UTF-8 without control characters.";

/// U3. Found values are personal: no refusal repeats one.
void check_attributes(const Case& asked, const schema::Profile& profile, std::size_t& bytes) {
  if (profile.attributes() == nullptr) return;
  if (profile.attributes()->size() > attributes_max)
    asked.refuse(Code::too_large, "attributes",
                 "The limit is 64, found " + std::to_string(profile.attributes()->size()) + ".");
  std::vector<std::string_view> names;
  for (const schema::Attribute* attribute : *profile.attributes()) {
    names.push_back(view(attribute->name()));
    bytes += names.back().size() + view(attribute->value()).size();
    if (names.back().empty() || !is_text(names.back()) || !is_text(view(attribute->value())))
      asked.refuse(Code::field_malformed, "attributes",
                   "Each needs a name; both must be UTF-8 without control characters.");
  }
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end())
    asked.refuse(Code::field_malformed, "attributes", "Their names must be unique.");
}

void check_profile(const Case& asked, const schema::CreateUser& body) {
  if (view(body.note()).size() > note_bytes_max)
    asked.refuse(Code::too_large, "note",
                 "The limit is 4096 bytes, found " + std::to_string(body.note()->size()) + ".");
  else if (!is_text(view(body.note())))
    asked.refuse(Code::field_malformed, "note", not_text);
  if (body.profile() == nullptr) return;
  std::size_t bytes = 0;
  for (const ProfileField& field : profile_fields) {
    const std::string_view value = view((body.profile()->*field.value)());
    bytes += value.size();
    if (!is_text(value)) asked.refuse(Code::field_malformed, field.name, not_text);
  }
  check_attributes(asked, *body.profile(), bytes);
  if (bytes > profile_bytes_max)
    asked.refuse(Code::too_large, "profile",
                 "The limit is 16384 bytes, found " + std::to_string(bytes) + ".");
}

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
  asked.cause(*user, std::move(changed));
}

}  // namespace

void create_user(const Case& asked) {
  const Tenant* tenant = require_tenant(asked);
  if (tenant == nullptr) return;
  const auto& body = *asked.command.body_as_CreateUser();
  const std::string username(view(body.username()));
  const UserStatus status =
      body.status() == UserStatus::unset ? tenant->policies.new_user_status : body.status();
  if (!is_username(username))
    asked.refuse(Code::field_malformed, "username",
                 "It must be [A-Za-z0-9._@+-]{1,128}, found " + quoted(username) + ".");
  if (status != UserStatus::new_user && status != UserStatus::active)
    asked.refuse(Code::field_malformed, "status", "A user starts as new_user or active.");
  if (asked.asker().role == schema::Role::manager && status == UserStatus::new_user)
    asked.refuse(Code::not_permitted, "status", "A manager may not make a user that is new.");
  if (asked.state.tables().find_user(tenant->id, username) != nullptr)
    asked.refuse(Code::user_exists, "username", quoted(username) + ".");
  check_profile(asked, body);
  if (!asked.material.password.empty() || asked.material.password_confirmation)
    check_new_password(asked, *tenant, username);
  if (!asked.decision.refusals.empty()) return;
  schema::UserCreatedT created;
  created.user = std::make_unique<Uuid>(asked.material.new_id);
  created.username = username;
  created.status = status;
  created.api_access = body.api_access().value_or(tenant->policies.new_user_api_access);
  created.key = std::make_unique<schema::KeyReferenceT>();
  created.key->file = asked.material.key.file;
  created.key->slot = asked.material.key.slot;
  created.key->commitment.assign(asked.material.key.commitment.begin(),
                                 asked.material.key.commitment.end());
  created.sealed_profile = asked.material.sealed_profile;
  created.sealed_password = asked.material.sealed_password;
  schema::EventT& event = asked.decision.events.emplace_back();
  event.user = std::make_unique<Uuid>(asked.material.new_id);
  event.body.Set(std::move(created));
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
      find_tenant_in_scope(asked.state, asked.asker(), view(asked.context.message->tenant()));
  if (tenant != nullptr && tenant->policies.direct_deletion)
    return move(
        asked,
        {UserStatus::trashed, UserStatus::new_user, UserStatus::active, UserStatus::inactive},
        UserStatus::deleted);
  move(asked, {UserStatus::trashed}, UserStatus::deleted);
}

void lock_user(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  if (user->operator_lock_seq != 0) return asked.refuse(Code::user_already_locked, "user");
  schema::UserLockedT locked;
  locked.cause = schema::LockCause::operator_command;
  asked.cause(*user, std::move(locked));
}

void unlock_user(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  schema::UserUnlockedT unlocked;
  for (const Lock& lock : locks_of(*asked.state.tables().find_tenant(user->tenant), *user,
                                   asked.context.now_ns)) {
    const bool clears = lock.cause == schema::LockCause::operator_command ||
                        (lock.cause == schema::LockCause::tenant && user->password_seq == 0);
    if (clears) unlocked.causes.push_back(lock.cause);
  }
  if (unlocked.causes.empty()) return asked.refuse(Code::user_not_locked, "user");
  asked.cause(*user, std::move(unlocked));
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
  asked.cause(*user, std::move(changed));
}

}  // namespace postern::domain
