#include "tools/text/view_text.h"

#include <fmt/format.h>

#include <type_traits>
#include <variant>

#include "tools/text/ids.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"
#include "tools/text/words.h"

namespace postern::text {

namespace {

using schema::ProfileT;
using Policies = schema::PoliciesT;

struct ProfileField {
  const char* name;
  std::string ProfileT::*field;
};
constexpr ProfileField profile_fields[] = {
    {"first-name", &ProfileT::first_name},
    {"last-name", &ProfileT::last_name},
    {"email", &ProfileT::email},
    {"description", &ProfileT::description},
    {"organization", &ProfileT::organization},
    {"department", &ProfileT::department},
    {"warehouse", &ProfileT::warehouse},
    {"language", &ProfileT::language},
    {"time-zone", &ProfileT::time_zone},
    {"phone", &ProfileT::phone},
    {"address", &ProfileT::address},
    {"hire-date", &ProfileT::hire_date},
    {"system", &ProfileT::system},
};

struct PolicyField {
  const char* field;
  const char* name;
  std::variant<bool Policies::*, std::uint16_t Policies::*, std::uint32_t Policies::*,
               schema::UserStatus Policies::*, schema::PrefixRule Policies::*,
               std::string Policies::*, std::unique_ptr<schema::NetworksT> Policies::*>
      value;
};
const PolicyField policy_fields[] = {
    {"password_length_min", "password length min", &Policies::password_length_min},
    {"password_needs_digit_or_symbol", "password digit or symbol",
     &Policies::password_needs_digit_or_symbol},
    {"password_forbidden_characters", "password forbidden",
     &Policies::password_forbidden_characters},
    {"lockout_failures", "lockout failures", &Policies::lockout_failures},
    {"lock_seconds", "lock seconds", &Policies::lock_seconds},
    {"imported_hash_days", "imported hash days", &Policies::imported_hash_days},
    {"same_wrong_password_counts_once", "same wrong password once",
     &Policies::same_wrong_password_counts_once},
    {"lock_closes_password_only", "lock closes password only",
     &Policies::lock_closes_password_only},
    {"tell_reasons", "tell reasons", &Policies::tell_reasons},
    {"session_timeout_seconds", "session timeout", &Policies::session_timeout_seconds},
    {"session_seconds_max", "session max", &Policies::session_seconds_max},
    {"username_generated", "username generated", &Policies::username_generated},
    {"username_domain", "username domain", &Policies::username_domain},
    {"username_fixed", "username fixed", &Policies::username_fixed},
    {"username_prefix", "username prefix", &Policies::username_prefix},
    {"username_prefix_rule", "username prefix rule", &Policies::username_prefix_rule},
    {"new_user_status", "new user status", &Policies::new_user_status},
    {"new_user_api_access", "new user api access", &Policies::new_user_api_access},
    {"direct_deletion", "direct deletion", &Policies::direct_deletion},
    {"networks", "networks", &Policies::networks},
    {"user_networks_mandatory", "user networks mandatory", &Policies::user_networks_mandatory},
    {"secure_transport_required", "require tls", &Policies::secure_transport_required},
    {"signatures_required", "require signatures", &Policies::signatures_required},
};

std::string value_text(bool on) { return on ? "on" : "off"; }
std::string value_text(std::uint16_t count) { return std::to_string(count); }
std::string value_text(std::uint32_t seconds) {
  return seconds == 0 ? "never" : fmt::format("{} s", seconds);
}
std::string value_text(schema::UserStatus status) { return status_text(status); }
std::string value_text(schema::PrefixRule rule) { return schema::EnumNamePrefixRule(rule); }
std::string value_text(const std::string& value) { return value.empty() ? "none" : value; }
std::string value_text(const std::unique_ptr<schema::NetworksT>& networks) {
  return networks_text(networks);
}

std::string enabled_text(bool enabled) { return enabled ? "enabled" : "disabled"; }

std::string time_or_nothing(std::int64_t time_ns) {
  return time_ns == 0 ? "" : time_text_short(time_ns);
}

std::string name_of(const schema::UserSummaryT& user) {
  const bool both = !user.first_name.empty() && !user.last_name.empty();
  return user.first_name + (both ? " " : "") + user.last_name;
}

void add_settings(Fields& fields, const schema::UserSettingsT& settings) {
  const auto on_off = [](bool on) { return on ? "on" : "off"; };
  fields.add("networks", networks_text(settings.networks));
  fields.add("skip ip check", on_off(settings.skip_ip_check));
  fields.add("require tls", on_off(settings.secure_transport_required));
  fields.add("session timeout", settings.session_timeout_seconds == 0
                                    ? "the tenant's"
                                    : std::to_string(settings.session_timeout_seconds) + " s");
  fields.add("api logging", on_off(settings.api_logging));
}

void write_use(std::ostream& out, const schema::UseT& use) {
  Fields fields;
  const auto with_others = [](const std::vector<std::string>& names, std::uint32_t others) {
    return joined(names) + (others == 0 ? "" : fmt::format(" and {} more", others));
  };
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  for (const auto& day : use.days) {
    allowed += day->allowed;
    denied += day->denied;
  }
  fields.add("first", time_or_nothing(use.first_ns));
  fields.add("last", time_or_nothing(use.last_ns));
  fields.add("days", std::to_string(use.days.size()));
  fields.add("allowed", std::to_string(allowed));
  fields.add("denied", std::to_string(denied));
  fields.add("password", time_or_nothing(use.password_last_ns));
  for (const auto& key : use.keys)
    fields.add("key", fmt::format("{}: {} times, last {}", uuid_text(key->key), key->count,
                                  time_or_nothing(key->last_ns)));
  fields.add("networks", with_others(use.networks, use.networks_left_out));
  fields.add("clients", with_others(use.clients, use.clients_left_out));
  fields.add("grants", std::to_string(use.grants.size()));
  out << "Use\n";
  fields.write(out, 2);
}

void write_details(std::ostream& out, const schema::UserDetailsT& details) {
  Fields fields;
  fields.add("id", uuid_text(details.id));
  fields.add("tenant", details.tenant);
  fields.add("username", details.username);
  fields.add("status", status_text(details.status));
  fields.add("version", std::to_string(details.version));
  if (details.profile) {
    for (const auto& [name, field] : profile_fields) fields.add(name, (*details.profile).*field);
    for (const auto& attribute : details.profile->attributes)
      fields.add(attribute->name, attribute->value);
  }
  fields.add("note", details.note);
  if (details.settings) add_settings(fields, *details.settings);
  fields.add("settings changed", cause_text(details.settings_changed));
  fields.add("created", cause_text(details.created));
  fields.add("status changed", cause_text(details.status_changed));
  fields.add("last changed", cause_text(details.changed));
  if (details.erased) fields.add("erased", cause_text(details.erased));
  out << "Details\n";
  fields.write(out, 2);
}

void write_security(std::ostream& out, const schema::UserSecurityT& security) {
  Fields fields;
  fields.add("api access", security.api_access ? "on" : "off");
  fields.add("access changed", cause_text(security.api_access_changed));
  if (security.locks.empty()) fields.add("locked", "no");
  for (const auto& lock : security.locks)
    fields.add("locked", "by " + lock_text(lock->cause) + ": " + cause_text(lock->caused_by));
  fields.add("failures", std::to_string(security.failures));
  fields.add("password", security.password_set ? "set" : "none");
  fields.add("password set", cause_text(security.password_changed));
  if (security.imported_hash_ends_ns != 0)
    fields.add("imported hash", "brought along and not used since; its end: " +
                                    time_text_short(security.imported_hash_ends_ns));
  out << "Security\n";
  fields.write(out, 2);
}

void write_roles(std::ostream& out, const std::vector<std::unique_ptr<schema::RoleHeldT>>& roles) {
  Table table({"ROLE", "ASSIGNED"});
  for (const auto& role : roles) table.add({role->name, cause_text(role->added)});
  out << "Roles\n";
  table.write(out);
}

void write_catalogue(std::ostream& out, const schema::TenantViewT& tenant) {
  Table table({"KIND", "ACTIONS", "KNOWN"});
  for (const auto& kind : tenant.catalogue) {
    std::vector<std::string> actions;
    for (const auto& action : kind->actions) actions.push_back(action->name);
    table.add({kind->name, joined(actions), kind->open ? "anything below" : "what is listed"});
  }
  out << "Catalogue\n";
  table.write(out);
}

}  // namespace

std::string cause_text(const std::unique_ptr<schema::CauseT>& cause) {
  if (!cause) return {};
  const auto who =
      cause->operator_name.empty() ? uuid_text(cause->operator_id) : cause->operator_name;
  const auto why = cause->reason.empty() ? "" : ": " + cause->reason;
  return fmt::format("seq {}, {}, by {} ({}){}", cause->seq, time_text_short(cause->time_ns), who,
                     role_text(cause->role), why);
}

std::string conditions_text(const std::unique_ptr<schema::ConditionsT>& conditions) {
  if (!conditions) return {};
  std::vector<std::string> parts;
  if (conditions->not_before_ns)
    parts.push_back("from " + time_text_short(*conditions->not_before_ns));
  if (conditions->not_after_ns)
    parts.push_back("until " + time_text_short(*conditions->not_after_ns));
  if (conditions->networks) parts.push_back("in " + joined(conditions->networks->entries, " "));
  if (conditions->secure_transport) parts.push_back("TLS");
  return joined(parts);
}

std::string networks_text(const std::unique_ptr<schema::NetworksT>& networks) {
  return networks == nullptr || networks->entries.empty() ? "any" : joined(networks->entries);
}

void write_grants(std::ostream& out,
                  const std::vector<std::unique_ptr<schema::GrantHeldT>>& grants) {
  Table table({"GRANT", "EFFECT", "ACTION", "RESOURCE", "CONDITIONS", "ADDED"});
  for (const auto& held : grants) {
    if (!held->grant) continue;
    const auto& grant = *held->grant;
    table.add({grant_name(grant.reference), effect_text(grant.effect), grant.action, grant.resource,
               conditions_text(grant.conditions), cause_text(held->added)});
  }
  table.write(out);
}

void write_grants_of(std::ostream& out, const schema::UserViewT& user) {
  write_grants(out, user.data_access);
  for (const auto& role : user.roles)
    out << "and all of role " << printable(role->name) << " (" << cause_text(role->added) << ")\n";
}

void write_user(std::ostream& out, const schema::UserViewT& user) {
  if (user.details) write_details(out, *user.details);
  if (user.security) write_security(out, *user.security);
  if (user.details && user.details->use) write_use(out, *user.details->use);
  if (!user.roles.empty()) write_roles(out, user.roles);
  if (user.roles_left_out > 0) out << "  and " << user.roles_left_out << " more\n";
  out << "Data access\n";
  write_grants(out, user.data_access);
}

void write_role(std::ostream& out, const schema::RoleViewT& role) {
  Fields fields;
  fields.add("role", role.name);
  fields.add("id", uuid_text(role.id));
  fields.add("description", role.description);
  fields.add("holds", joined(role.inner));
  fields.add("holders", std::to_string(role.holder_count));
  fields.add("created", cause_text(role.created));
  fields.write(out);
  write_grants(out, role.grants);
}

void write_tenant(std::ostream& out, const schema::TenantViewT& tenant) {
  Fields fields;
  fields.add("id", uuid_text(tenant.id));
  fields.add("alias", tenant.alias);
  fields.add("display name", tenant.display_name);
  fields.add("status", enabled_text(tenant.enabled));
  fields.add("users", std::to_string(tenant.user_count));
  fields.add("created", cause_text(tenant.created));
  fields.add("status changed", cause_text(tenant.status_changed));
  fields.write(out);
  if (tenant.policies) write_policies(out, *tenant.policies);
  if (!tenant.catalogue.empty()) write_catalogue(out, tenant);
}

void write_policies(std::ostream& out, const schema::PoliciesT& policies) {
  Fields fields;
  for (const PolicyField& policy : policy_fields)
    fields.add(
        policy.name,
        std::visit([&](const auto field) { return value_text(policies.*field); }, policy.value));
  out << "Policies\n";
  fields.write(out, 2);
}

Row user_heads() {
  return {"USER",    "STATUS",  "LOCKED BY", "ACCESS", "GRANTS",      "VERSION",
          "CREATED", "CHANGED", "LAST USED", "NAME",   "DESCRIPTION", "ID"};
}

Row row_of(const schema::UserSummaryT& user) {
  std::vector<std::string> locks;
  for (const auto lock : user.locks) locks.push_back(lock_text(lock));
  return {user.username,
          status_text(user.status) + (user.erased ? ", erased" : ""),
          joined(locks),
          user.api_access ? "on" : "off",
          std::to_string(user.grant_count),
          std::to_string(user.version),
          time_or_nothing(user.created_ns),
          time_or_nothing(user.changed_ns),
          time_or_nothing(user.last_used_ns),
          name_of(user),
          user.description,
          uuid_text(user.id)};
}

Row tenant_heads() { return {"ALIAS", "STATUS", "USERS", "NAME", "ID"}; }

Row row_of(const schema::TenantViewT& tenant) {
  return {tenant.alias, enabled_text(tenant.enabled), std::to_string(tenant.user_count),
          tenant.display_name, uuid_text(tenant.id)};
}

Row role_heads() { return {"ROLE", "GRANTS", "HOLDERS", "HOLDS", "DESCRIPTION"}; }

Row row_of(const schema::RoleViewT& role) {
  return {role.name, std::to_string(role.grant_count), std::to_string(role.holder_count),
          joined(role.inner), role.description};
}

std::vector<std::string> policy_names() {
  std::vector<std::string> names;
  for (const PolicyField& policy : policy_fields) names.emplace_back(policy.field);
  return names;
}

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  for (const ProfileField& field : profile_fields) names.emplace_back(field.name);
  return names;
}

}  // namespace postern::text
