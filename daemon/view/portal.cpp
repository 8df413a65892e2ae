// One user as a portal shows it (Q6): details, security, data access.
#include "daemon/view/portal.h"

#include <algorithm>

#include "daemon/domain/access.h"
#include "daemon/domain/profile.h"
#include "daemon/domain/roles.h"
#include "daemon/view/answers.h"
#include "daemon/view/grants.h"
#include "daemon/view/moment.h"
#include "daemon/view/page.h"

namespace postern::view {

namespace {

using schema::Code;

/// Of a user's first page: its keys, its roles, its grants. What it has besides is bounded itself.
constexpr std::size_t section_bytes_soft_max = 150'000;
constexpr std::size_t grants_bytes_soft_max = 400'000;

/// By id, by name, or by both where they agree.
Answer<UserOfTenant> find(const Inquiry& inquiry, const schema::GetUser& wanted) {
  const View::Tables& tables = inquiry.view.tables();
  const Uuid* id = wanted.user_id();
  const domain::User* user = id == nullptr ? nullptr : tables.find_user(*id);
  const std::string_view alias = view_of(wanted.tenant());
  const domain::Tenant* tenant = nullptr;
  if (!alias.empty() || id == nullptr)
    tenant = inquiry.view.find_tenant(inquiry.asker, alias);
  else if (user != nullptr && domain::in_scope(inquiry.asker, user->tenant))
    tenant = tables.find_tenant(user->tenant);
  else
    return refused(Code::user_unknown, "user_id");
  if (tenant == nullptr) return refused(Code::tenant_unknown, "tenant");
  const std::string_view username = view_of(wanted.username());
  if (id == nullptr) user = tables.find_user(tenant->id, username);
  const bool agree = user != nullptr && user->tenant == tenant->id &&
                     (username.empty() || domain::equal_names(username, user->username));
  if (!agree) return refused(Code::user_unknown, "username");
  return UserOfTenant{*tenant, *user};
}

std::unique_ptr<schema::UserSettingsT> settings_of(const domain::UserExtras& extras) {
  auto settings = std::make_unique<schema::UserSettingsT>();
  settings->networks = domain::as_schema(extras.networks);
  settings->skip_ip_check = extras.skip_ip_check;
  settings->secure_transport_required = extras.secure_transport_required;
  settings->session_timeout_seconds = extras.session_timeout_seconds;
  settings->api_logging = extras.api_logging;
  return settings;
}

std::unique_ptr<schema::UserDetailsT> details_of(const Inquiry& inquiry,
                                                 const UserOfTenant& found) {
  const domain::User& user = found.user;
  auto details = std::make_unique<schema::UserDetailsT>();
  details->id = std::make_unique<Uuid>(user.id);
  details->tenant = found.tenant.alias;
  details->username = user.username;
  details->status = user.status;
  details->version = user.version;
  schema::PersonalT personal = inquiry.sources.personal(user);
  details->profile = std::move(personal.profile);
  if (domain::reads_notes(inquiry.asker.role)) details->note = std::move(personal.note);
  const domain::UserExtras& extras = domain::extras_of(user);
  details->settings = settings_of(extras);
  details->settings_changed = cause_of(inquiry, extras.settings_seq);
  details->erased = cause_of(inquiry, extras.erased_seq);
  if (extras.use != nullptr) details->use = domain::as_schema(*extras.use);
  details->created = cause_of(inquiry, user.created_seq);
  details->status_changed = cause_of(inquiry, domain::marks_of(user).status_seq);
  details->changed = cause_of(inquiry, user.changed_seq);
  return details;
}

std::unique_ptr<schema::UserSecurityT> security_of(const Inquiry& inquiry,
                                                   const UserOfTenant& found) {
  const domain::User& user = found.user;
  auto security = std::make_unique<schema::UserSecurityT>();
  security->api_access = user.api_access;
  security->api_access_changed = cause_of(inquiry, domain::marks_of(user).api_access_seq);
  for (const domain::Lock& lock : domain::locks_of(found.tenant, user, inquiry.now_ns)) {
    auto& made = security->locks.emplace_back(std::make_unique<schema::LockT>());
    made->cause = lock.cause;
    made->caused_by = cause_of(inquiry, lock.seq);
    made->until_ns = lock.until_ns;
  }
  security->failures = domain::extras_of(user).failures;
  security->password_set = user.password_seq != 0;
  security->password_changed = cause_of(inquiry, user.password_seq);
  const domain::UserExtras& extras = domain::extras_of(user);
  if (extras.old_password_until_ns > inquiry.now_ns)
    security->old_password_until_ns = extras.old_password_until_ns;
  security->imported_hash_ends_ns = imported_hash_ends_ns(inquiry, found.tenant, user);
  return security;
}

/// D1: as recorded, or since.
std::int64_t last_used_ns(const Inquiry& inquiry, const domain::UserExtras& extras,
                          const domain::ApiKey& key) {
  std::int64_t last_ns = 0;
  if (extras.use != nullptr) {
    const auto& used = extras.use->keys;
    const auto place = std::ranges::find(used, key.id, &domain::UseOfKey::key);
    if (place != used.end()) last_ns = place->last_ns;
  }
  const std::int64_t since_ns =
      inquiry.sources.key_used_ns ? inquiry.sources.key_used_ns(key.id) : 0;
  return since_ns <= inquiry.now_ns ? std::max(last_ns, since_ns) : last_ns;
}

std::unique_ptr<schema::KeyViewT> key_view(const Inquiry& inquiry, const domain::UserExtras& extras,
                                           const domain::ApiKey& key) {
  auto made = std::make_unique<schema::KeyViewT>();
  made->key = std::make_unique<Uuid>(key.id);
  made->name = key.name;
  made->prefix = inquiry.sources.key_beginning(key.id);
  made->expires_ns = key.expires_ns;
  made->last_used_ns = last_used_ns(inquiry, extras, key);
  made->created = cause_of(inquiry, key.created_seq);
  for (const domain::Narrowing& part : key.narrowed_to) {
    auto& narrowing = made->narrowed_to.emplace_back(std::make_unique<schema::NarrowingT>());
    narrowing->action = part.action;
    narrowing->resource = part.resource;
  }
  return made;
}

std::unique_ptr<schema::RoleHeldT> role_held(const Inquiry& inquiry, const domain::Tenant& tenant,
                                             const domain::RoleHeld& role) {
  auto made = std::make_unique<schema::RoleHeldT>();
  if (const domain::NamedRole* known = domain::find_role(tenant, role.role))
    made->name = known->name;
  made->added = cause_of(inquiry, role.seq);
  return made;
}

}  // namespace

Answer<schema::UserViewT> portal_of(const Inquiry& inquiry, const UserOfTenant& found,
                                    std::string_view after, std::uint32_t count_max) {
  const std::size_t bytes_max = after.empty() ? grants_bytes_soft_max : page_bytes_soft_max;
  auto grants = page_of(inquiry, *found.user.grants, {after, count_max, bytes_max});
  if (!grants) return std::unexpected(std::move(grants.error()));
  schema::UserViewT made;
  made.details = details_of(inquiry, found);
  made.security = security_of(inquiry, found);
  made.data_access = std::move(grants->grants);
  made.more = grants->more;
  made.next = std::move(grants->next);
  if (!after.empty()) return made;
  const domain::UserExtras& extras = domain::extras_of(found.user);
  made.security->keys_left_out =
      fill(extras.keys, made.security->keys, section_bytes_soft_max,
           [&](const domain::ApiKey& key) { return key_view(inquiry, extras, key); });
  made.roles_left_out =
      fill(extras.roles, made.roles, section_bytes_soft_max,
           [&](const domain::RoleHeld& role) { return role_held(inquiry, found.tenant, role); });
  return made;
}

Answer<schema::UserViewT> answer(const Inquiry& inquiry, const schema::GetUser& wanted) {
  const auto found = find(inquiry, wanted);
  if (!found) return std::unexpected(found.error());
  return portal_of(inquiry, *found, place_in(wanted.after()), wanted.count_max());
}

}  // namespace postern::view
