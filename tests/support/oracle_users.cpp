// The oracle's opinion of commands on tenants, users and their credentials.
#include <algorithm>

#include "tests/support/oracle.h"
#include "tests/support/oracle_forms.h"

namespace postern::support {

using forms::text_of;
using schema::Code;
using schema::EventBody;
using schema::UserStatus;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_ns = 86'400 * second_ns;

/// Refuses as one line each.
struct Told {
  Oracle::Opinion& opinion;
  void refuse_if(bool wrong, Code code) const {
    if (wrong) opinion.refusals.push_back(code);
  }
  void cause(EventBody kind) const {
    if (opinion.refusals.empty()) opinion.events.push_back(kind);
  }
};

/// T4: what is wrong with new policies, and what they make of the old.
void change(schema::PoliciesT& policies, const schema::PolicyChangesT& changes, Told told) {
  const auto take = [&](const auto& asked, auto& held) {
    if (asked) held = *asked;
  };
  const auto take_within = [&](const auto& asked, auto& held, std::uint32_t least,
                               std::uint32_t most, bool or_zero = false) {
    take(asked, held);
    const bool fits = (held >= least && held <= most) || (or_zero && held == 0);
    told.refuse_if(asked && !fits, Code::field_malformed);
  };
  take_within(changes.password_length_min, policies.password_length_min, 1, 1'024);
  take_within(changes.lockout_failures, policies.lockout_failures, 1, 100);
  take_within(changes.session_timeout_seconds, policies.session_timeout_seconds, 60, 86'400);
  take_within(changes.session_seconds_max, policies.session_seconds_max, 60, 2'592'000);
  take_within(changes.lock_seconds, policies.lock_seconds, 60, 31'536'000, true);
  take_within(changes.imported_hash_days, policies.imported_hash_days, 1, 3'650, true);
  take(changes.password_needs_digit_or_symbol, policies.password_needs_digit_or_symbol);
  take(changes.direct_deletion, policies.direct_deletion);
  take(changes.new_user_api_access, policies.new_user_api_access);
  take(changes.tell_reasons, policies.tell_reasons);
  take(changes.username_generated, policies.username_generated);
  take(changes.username_fixed, policies.username_fixed);
  take(changes.same_wrong_password_counts_once, policies.same_wrong_password_counts_once);
  take(changes.lock_closes_password_only, policies.lock_closes_password_only);
  take(changes.user_networks_mandatory, policies.user_networks_mandatory);
  take(changes.secure_transport_required, policies.secure_transport_required);
  take(changes.signatures_required, policies.signatures_required);
  take(changes.new_user_status, policies.new_user_status);
  told.refuse_if(changes.new_user_status && *changes.new_user_status != UserStatus::new_user &&
                     *changes.new_user_status != UserStatus::active,
                 Code::field_malformed);
  const auto take_text = [](const std::string& asked, std::string& held) {
    if (!asked.empty()) held = asked == forms::cleared ? "" : asked;
  };
  take_text(changes.password_forbidden_characters, policies.password_forbidden_characters);
  told.refuse_if(!forms::is_text(policies.password_forbidden_characters), Code::field_malformed);
  take_text(changes.username_prefix, policies.username_prefix);
  take(changes.username_prefix_rule, policies.username_prefix_rule);
  const std::string& prefix = policies.username_prefix;
  told.refuse_if(prefix.size() > 32 || (!prefix.empty() && !forms::is_username(prefix)),
                 Code::field_malformed);
  const bool is_rule = policies.username_prefix_rule <= schema::PrefixRule::required;
  told.refuse_if(!is_rule, Code::field_malformed);
  told.refuse_if(
      is_rule && policies.username_prefix_rule != schema::PrefixRule::off && prefix.empty(),
      Code::field_missing);
  told.refuse_if(!forms::are_networks(changes.networks.get()), Code::field_malformed);
  if (changes.networks == nullptr) return;
  policies.networks.reset();
  if (!changes.networks->entries.empty())
    policies.networks = std::make_unique<schema::NetworksT>(*changes.networks);
}

using Text = std::string schema::ProfileT::*;
constexpr Text texts[] = {
    &schema::ProfileT::first_name,  &schema::ProfileT::last_name,    &schema::ProfileT::email,
    &schema::ProfileT::description, &schema::ProfileT::organization, &schema::ProfileT::department,
    &schema::ProfileT::warehouse,   &schema::ProfileT::language,     &schema::ProfileT::time_zone,
    &schema::ProfileT::phone,       &schema::ProfileT::address,      &schema::ProfileT::hire_date,
    &schema::ProfileT::system};

bool is_text_or_cleared(const std::string& text) {
  return text == forms::cleared || forms::is_text(text);
}

/// U3, U4: what a command says of profile and note, each alone.
void check_personal(const schema::ProfileT* profile, const std::string& note, Told told) {
  told.refuse_if(note.size() > 4'096, Code::too_large);
  told.refuse_if(note.size() <= 4'096 && !is_text_or_cleared(note), Code::field_malformed);
  if (profile == nullptr) return;
  for (const Text text : texts)
    told.refuse_if(!is_text_or_cleared(profile->*text), Code::field_malformed);
  std::vector<std::string> names;
  for (const auto& attribute : profile->attributes) {
    const bool doubled = std::ranges::count(names, attribute->name) > 0;
    told.refuse_if(doubled || attribute->name.empty() || !forms::is_text(attribute->name) ||
                       !forms::is_text(attribute->value),
                   Code::field_malformed);
    names.push_back(attribute->name);
  }
}

void check_size(const schema::ProfileT& profile, Told told) {
  std::size_t bytes = 0;
  for (const Text text : texts) bytes += (profile.*text).size();
  for (const auto& attribute : profile.attributes)
    bytes += attribute->name.size() + attribute->value.size();
  told.refuse_if(bytes > 16'384 || profile.attributes.size() > 64, Code::too_large);
}

void check_settings(const schema::UserSettingsT& settings, const schema::NetworksT* networks,
                    Told told) {
  const std::uint32_t timeout = settings.session_timeout_seconds;
  told.refuse_if(timeout != 0 && (timeout < 60 || timeout > 86'400), Code::field_malformed);
  told.refuse_if(!forms::are_networks(networks), Code::field_malformed);
}

/// How tests seal a password: its text backwards.
bool is_password(const std::vector<std::uint8_t>& sealed, const std::string& password) {
  const std::string text = "sealed:" + std::string(password.rbegin(), password.rend());
  return std::ranges::equal(sealed, text,
                            [](std::uint8_t left, char right) { return char(left) == right; });
}

}  // namespace

// ---- tenants

void Oracle::create_tenant(const Asked& asked, const schema::CreateTenantT& body,
                           Opinion& opinion) const {
  const Told told{opinion};
  if (!asked.sender.all_tenants) return told.refuse_if(true, Code::not_permitted);
  told.refuse_if(!forms::is_alias(body.alias), Code::field_malformed);
  told.refuse_if(body.display_name.size() > 256 || !forms::is_text(body.display_name),
                 Code::field_malformed);
  told.refuse_if(!asked.message.tenant.empty() && asked.message.tenant != body.alias,
                 Code::batch_spans_tenants);
  told.refuse_if(tenant_id(body.alias) != nullptr, Code::tenant_exists);
  schema::PoliciesT policies;
  if (body.policies != nullptr) {
    change(policies, *body.policies, told);
    told.refuse_if(forms::is_empty_list(body.policies->networks.get()), Code::field_malformed);
  }
  if (!body.catalogue.empty()) check_definition({}, body.catalogue, true, opinion);
  told.cause(EventBody::TenantCreated);
}

void Oracle::set_tenant(const Asked& asked, const schema::SetTenantT& body,
                        Opinion& opinion) const {
  const Told told{opinion};
  const facts::Tenant* tenant = tenant_of(asked, opinion);
  if (tenant == nullptr) return;
  told.refuse_if(body.display_name.size() > 256 || !forms::is_text(body.display_name),
                 Code::field_malformed);
  schema::PoliciesT policies = tenant->policies;
  if (body.policies != nullptr) change(policies, *body.policies, told);
  const bool same_name = body.display_name.empty() || body.display_name == tenant->display_name;
  if (opinion.refusals.empty())
    told.refuse_if(same_name && policies == tenant->policies, Code::unchanged);
  told.cause(EventBody::TenantChanged);
}

void Oracle::switch_tenant(const Asked& asked, bool on, Opinion& opinion) const {
  const facts::Tenant* tenant = tenant_of(asked, opinion);
  if (tenant == nullptr) return;
  const Told told{opinion};
  told.refuse_if(tenant->enabled == on,
                 on ? Code::tenant_already_enabled : Code::tenant_already_disabled);
  told.cause(on ? EventBody::TenantEnabled : EventBody::TenantDisabled);
}

// ---- users

void Oracle::check_username(const facts::Tenant& tenant, const std::string& username,
                            Opinion& opinion) const {
  const std::string& prefix = tenant.policies.username_prefix;
  const bool has_prefix = forms::lower(username.substr(0, prefix.size())) == forms::lower(prefix);
  const Told told{opinion};
  const bool good = forms::is_username(username);
  told.refuse_if(!good, Code::field_malformed);
  told.refuse_if(
      good && !has_prefix && tenant.policies.username_prefix_rule == schema::PrefixRule::required,
      Code::username_prefix_missing);
}

void Oracle::create_user(const Asked& asked, const schema::CreateUserT& body,
                         Opinion& opinion) const {
  const Told told{opinion};
  const facts::Tenant* tenant = tenant_of(asked, opinion);
  if (tenant == nullptr) return;
  const bool generated = tenant->policies.username_generated;
  told.refuse_if(generated && !body.username.empty(), Code::username_generated);
  if (!generated) check_username(*tenant, body.username, opinion);
  const UserStatus status =
      body.status == UserStatus::unset ? tenant->policies.new_user_status : body.status;
  told.refuse_if(status != UserStatus::new_user && status != UserStatus::active,
                 Code::field_malformed);
  told.refuse_if(status == UserStatus::new_user && asked.sender.role == schema::Role::manager,
                 Code::not_permitted);
  for (const auto& [id, user] : users_)
    told.refuse_if(!generated && user.tenant == *tenant_id(tenant->alias) &&
                       user.status != UserStatus::deleted &&
                       forms::lower(user.name) == forms::lower(body.username),
                   Code::user_exists);
  check_personal(body.profile.get(), body.note, told);
  if (body.profile != nullptr) check_size(*body.profile, told);
  if (body.settings != nullptr) {
    check_settings(*body.settings, body.settings->networks.get(), told);
    told.refuse_if(forms::is_empty_list(body.settings->networks.get()), Code::field_malformed);
  }
  if (!body.password.empty() || !body.password_confirmation.empty())
    check_new_password(body.password, body.password_confirmation, *tenant, body.username,
                       body.profile == nullptr ? "" : body.profile->email, opinion);
  told.refuse_if(!forms::hash_fits(body), Code::field_malformed);
  told.cause(EventBody::UserCreated);
}

void Oracle::rename_user(const Asked& asked, const schema::RenameUserT& body,
                         Opinion& opinion) const {
  const Told told{opinion};
  const facts::User* user = living_user_of(asked, opinion);
  if (user == nullptr) return;
  const facts::Tenant& tenant = tenants_.at(user->tenant);
  told.refuse_if(tenant.policies.username_fixed, Code::username_fixed);
  check_username(tenant, body.username, opinion);
  told.refuse_if(body.username == user->name, Code::unchanged);
  for (const auto& [id, other] : users_)
    told.refuse_if(&other != user && other.tenant == user->tenant &&
                       other.status != UserStatus::deleted &&
                       forms::lower(other.name) == forms::lower(body.username),
                   Code::user_exists);
  told.cause(EventBody::UserRenamed);
}

void Oracle::set_profile(const Asked& asked, const schema::SetProfileT& body,
                         Opinion& opinion) const {
  const Told told{opinion};
  const facts::User* user = living_user_of(asked, opinion);
  if (user == nullptr) return;
  if (body.profile == nullptr && body.note.empty())
    return told.refuse_if(true, Code::field_missing);
  check_personal(body.profile.get(), body.note, told);
  schema::PersonalT after = user->personal;
  const auto take = [](const std::string& asked_text, std::string& held) {
    if (!asked_text.empty()) held = asked_text == forms::cleared ? "" : asked_text;
  };
  take(body.note, after.note);
  if (body.profile != nullptr) {
    for (const Text text : texts) take((*body.profile).*text, (*after.profile).*text);
    for (const auto& attribute : body.profile->attributes) {
      auto& held = after.profile->attributes;
      const auto named = [&](const auto& one) { return one->name == attribute->name; };
      const auto place = std::ranges::find_if(held, named);
      if (attribute->value.empty())
        std::erase_if(held, named);
      else if (place != held.end())
        (*place)->value = attribute->value;
      else
        held.push_back(std::make_unique<schema::AttributeT>(*attribute));
    }
    check_size(*after.profile, told);
  }
  // U4: nobody learns of a note that he may not read by setting it again.
  const bool may_read =
      asked.sender.role == schema::Role::owner || asked.sender.role == schema::Role::administrator;
  if (opinion.refusals.empty() && (may_read || body.note.empty()))
    told.refuse_if(after == user->personal, Code::unchanged);
  told.cause(EventBody::ProfileChanged);
}

void Oracle::set_settings(const Asked& asked, const schema::SetUserSettingsT& body,
                          Opinion& opinion) const {
  const Told told{opinion};
  const facts::User* user = living_user_of(asked, opinion);
  if (user == nullptr) return;
  schema::UserSettingsT after = user->settings;
  if (body.networks != nullptr) {
    after.networks.reset();
    if (!body.networks->entries.empty())
      after.networks = std::make_unique<schema::NetworksT>(*body.networks);
  }
  if (body.skip_ip_check) after.skip_ip_check = *body.skip_ip_check;
  if (body.secure_transport_required)
    after.secure_transport_required = *body.secure_transport_required;
  if (body.session_timeout_seconds) after.session_timeout_seconds = *body.session_timeout_seconds;
  if (body.api_logging) after.api_logging = *body.api_logging;
  check_settings(after, body.networks.get(), told);
  if (opinion.refusals.empty()) told.refuse_if(after == user->settings, Code::unchanged);
  told.cause(EventBody::UserSettingsChanged);
}

void Oracle::move_user(const Asked& asked, const std::vector<UserStatus>& from,
                       Opinion& opinion) const {
  const facts::User* user = user_of(asked, opinion);
  if (user == nullptr) return;
  const Told told{opinion};
  told.refuse_if(std::ranges::count(from, user->status) == 0, Code::status_move_not_allowed);
  told.cause(EventBody::UserStatusChanged);
}

void Oracle::delete_user(const Asked& asked, Opinion& opinion) const {
  std::vector<UserStatus> from = {UserStatus::trashed};
  const std::string* id = tenant_id(asked.message.tenant);
  if (id != nullptr && tenants_.at(*id).policies.direct_deletion)
    from.insert(from.end(), {UserStatus::new_user, UserStatus::active, UserStatus::inactive});
  move_user(asked, from, opinion);
}

void Oracle::erase_user(const Asked& asked, Opinion& opinion) const {
  const facts::User* user = user_of(asked, opinion);
  if (user == nullptr) return;
  if (user->erased)
    opinion.refusals = {Code::user_erased};
  else if (user->status == UserStatus::trashed)
    opinion.events = {EventBody::UserStatusChanged, EventBody::UserErased};
  else if (user->status == UserStatus::deleted)
    opinion.events = {EventBody::UserErased};
  else
    opinion.refusals = {Code::status_move_not_allowed};
}

void Oracle::lock_user(const Asked& asked, Opinion& opinion) const {
  const facts::User* user = living_user_of(asked, opinion);
  if (user == nullptr) return;
  const Told told{opinion};
  told.refuse_if(user->locked_by_operator, Code::user_already_locked);
  told.cause(EventBody::UserLocked);
}

void Oracle::unlock_user(const Asked& asked, Opinion& opinion) const {
  const facts::User* user = living_user_of(asked, opinion);
  if (user == nullptr) return;
  const Told told{opinion};
  const bool by_tenant = user->locked_by_tenant && user->password.empty();
  told.refuse_if(!user->locked_by_operator && !by_tenant, Code::user_not_locked);
  told.cause(EventBody::UserUnlocked);
}

void Oracle::set_api_access(const Asked& asked, const schema::SetApiAccessT& body,
                            Opinion& opinion) const {
  const facts::User* user = living_user_of(asked, opinion);
  if (user == nullptr) return;
  const Told told{opinion};
  told.refuse_if(user->api_access == body.allowed, Code::api_access_unchanged);
  told.cause(EventBody::ApiAccessChanged);
}

// ---- passwords

void Oracle::check_new_password(const std::string& password, const std::string& confirmation,
                                const facts::Tenant& tenant, const std::string& username,
                                const std::string& email, Opinion& opinion) const {
  const Told told{opinion};
  told.refuse_if(!confirmation.empty() && confirmation != password,
                 Code::password_confirmation_differs);
  told.refuse_if(password.size() < tenant.policies.password_length_min, Code::password_too_short);
  told.refuse_if(password.size() > 1'024, Code::password_too_long);
  const std::string letters = "abcdefghijklmnopqrstuvwxyz";
  told.refuse_if(tenant.policies.password_needs_digit_or_symbol &&
                     forms::lower(password).find_first_not_of(letters) == std::string::npos,
                 Code::password_lacks_digit_or_symbol);
  const std::string words[] = {"password",
                               username,
                               username.substr(0, username.find('@')),
                               email,
                               email.substr(0, email.find('@')),
                               tenant.alias,
                               tenant.display_name};
  told.refuse_if(std::ranges::any_of(
                     words, [&](const std::string& word) { return forms::has(password, word); }),
                 Code::password_contains_forbidden_word);
  const std::string& forbidden = tenant.policies.password_forbidden_characters;
  const auto is_control = [](char byte) {
    return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f;
  };
  told.refuse_if(password.find_first_of(forbidden) != std::string::npos ||
                     std::ranges::any_of(password, is_control),
                 Code::password_contains_forbidden_character);
}

void Oracle::reset_password(const Asked& asked, const schema::ResetPasswordT& body,
                            Opinion& opinion) const {
  const facts::User* user = living_user_of(asked, opinion);
  if (user == nullptr) return;
  check_new_password(body.password, body.password_confirmation, tenants_.at(user->tenant),
                     user->name, user->personal.profile->email, opinion);
  Told{opinion}.cause(EventBody::PasswordReset);
}

void Oracle::rotate_password(const Asked& asked, const schema::RotatePasswordT& body,
                             Opinion& opinion) const {
  const Told told{opinion};
  const facts::User* user = living_user_of(asked, opinion);
  if (user == nullptr) return;
  if (user->password.empty()) return told.refuse_if(true, Code::password_not_set);
  told.refuse_if(body.old_valid_until_ns <= asked.now_ns ||
                     body.old_valid_until_ns > asked.now_ns + 90 * day_ns,
                 Code::field_malformed);
  check_new_password(body.password, body.password_confirmation, tenants_.at(user->tenant),
                     user->name, user->personal.profile->email, opinion);
  told.cause(EventBody::PasswordRotated);
}

void Oracle::fail_password(const facts::Tenant& tenant, const facts::User& user,
                           Opinion& opinion) const {
  const std::uint32_t failures = user.locked_by_passwords ? 1 : user.failures + 1;
  opinion.events = {EventBody::PasswordFailed};
  if (failures >= tenant.policies.lockout_failures) opinion.events.push_back(EventBody::UserLocked);
}

void Oracle::change_password(const Asked& asked, const schema::ChangePasswordT& body,
                             Opinion& opinion) const {
  const Told told{opinion};
  const bool by_service = asked.sender.role == schema::Role::service;
  told.refuse_if(asked.message.commands.size() > 1, Code::field_malformed);
  told.refuse_if(by_service && asked.message.dry_run, Code::not_permitted);
  told.refuse_if(body.current_password.empty() || body.password.empty(), Code::field_missing);
  if (!opinion.refusals.empty()) return;
  const facts::Tenant* tenant = tenant_of(asked, opinion);
  if (tenant == nullptr) return;
  const facts::User* user = named_user(asked);
  const bool told_all = !by_service || tenant->policies.tell_reasons;
  Code stop = standing_code(user, *tenant, true, asked.now_ns);
  // Telling that a tenant is disabled tells nothing of its users.
  if (!tenant->enabled && user != nullptr) return told.refuse_if(true, Code::tenant_disabled);
  if (stop == Code::ok && user->password.empty()) stop = Code::password_not_set;
  if (stop != Code::ok) return told.refuse_if(true, told_all ? stop : Code::invalid_credentials);
  const bool old_lives = user->old_password_until_ns > asked.now_ns;
  if (!is_password(user->password, body.current_password) &&
      !(old_lives && is_password(user->old_password, body.current_password))) {
    fail_password(*tenant, *user, opinion);
    return told.refuse_if(true, Code::invalid_credentials);
  }
  const std::uint64_t expected = asked.command.expected_version;
  if (expected != 0 && expected != user->version)
    return told.refuse_if(true, Code::version_conflict);
  check_new_password(body.password, body.password_confirmation, *tenant, user->name,
                     user->personal.profile->email, opinion);
  told.cause(EventBody::PasswordChanged);
}

void Oracle::record_attempt(const Asked& asked, const schema::RecordAttemptT& body,
                            Opinion& opinion) const {
  const Told told{opinion};
  const facts::User* user = user_of(asked, opinion);
  if (user == nullptr) return;
  if (body.service == nullptr) return told.refuse_if(true, Code::field_missing);
  const facts::Tenant& tenant = tenants_.at(user->tenant);
  const Code stop = standing_code(user, tenant, true, asked.now_ns);
  if (stop != Code::ok) return told.refuse_if(true, stop);
  if (user->password.empty()) return told.refuse_if(true, Code::password_not_set);
  if (body.password_seq != user->password_seq) return told.refuse_if(true, Code::version_conflict);
  if (!body.succeeded) return fail_password(tenant, *user, opinion);
  if (user->failures != 0) told.cause(EventBody::PasswordAccepted);
  if (asked.rehashes) told.cause(EventBody::PasswordRehashed);
}

// ---- keys and sessions

void Oracle::create_key(const Asked& asked, const schema::CreateKeyT& body,
                        Opinion& opinion) const {
  const Told told{opinion};
  const facts::User* user = living_user_of(asked, opinion);
  if (user == nullptr) return;
  told.refuse_if(!forms::is_name(body.name, 63), Code::field_malformed);
  told.refuse_if(std::ranges::count(user->keys, body.name, &facts::Key::name) > 0,
                 Code::key_exists);
  told.refuse_if(user->keys.size() >= 100 || body.narrowed_to.size() > 100, Code::too_large);
  told.refuse_if(body.expires_ns != 0 && body.expires_ns <= asked.now_ns, Code::field_malformed);
  for (const auto& part : body.narrowed_to) {
    told.refuse_if(part->action != "*" && !forms::is_name(part->action, 64), Code::field_malformed);
    told.refuse_if(!forms::is_pattern(part->resource), Code::resource_malformed);
  }
  told.cause(EventBody::KeyCreated);
}

void Oracle::revoke_key(const Asked& asked, const schema::RevokeKeyT& body,
                        Opinion& opinion) const {
  const facts::User* user = living_user_of(asked, opinion);
  if (user == nullptr) return;
  const Told told{opinion};
  told.refuse_if(std::ranges::count(user->keys, body.name, &facts::Key::name) == 0,
                 Code::key_unknown);
  told.cause(EventBody::KeyRevoked);
}

void Oracle::end_sessions(const Asked& asked, const schema::EndSessionsT& body,
                          Opinion& opinion) const {
  const Told told{opinion};
  if (asked.sender.role == schema::Role::service) {
    told.refuse_if(body.session == nullptr, Code::not_permitted);
    told.refuse_if(asked.command.user_id == nullptr || !asked.command.user.empty(),
                   Code::field_malformed);
    if (!opinion.refusals.empty()) return;
  }
  const facts::User* user = living_user_of(asked, opinion);
  if (user == nullptr) return;
  if (body.session == nullptr) return told.cause(EventBody::SessionsEnded);
  const auto made_ns = static_cast<std::int64_t>(body.session->high() >> 16) * 1'000'000;
  const bool is_session = (body.session->high() >> 12 & 15) == 7 && body.session->low() >> 62 == 2;
  if (!is_session || made_ns > asked.now_ns + 300 * second_ns)
    return told.refuse_if(true, Code::field_malformed);
  const bool ended = std::ranges::any_of(
      user->ended, [&](const auto& one) { return one.first == text_of(*body.session); });
  told.refuse_if(ended || made_ns + 30 * day_ns <= asked.now_ns, Code::session_expired);
  const auto remembered = std::ranges::count_if(
      user->ended, [&](const auto& one) { return one.second > asked.now_ns; });
  told.refuse_if(opinion.refusals.empty() && remembered >= 100, Code::too_large);
  told.cause(EventBody::SessionEnded);
}

}  // namespace postern::support
