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

using Policies = schema::PoliciesT;

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

void write_catalogue(std::ostream& out, const schema::TenantViewT& tenant) {
  static constexpr Column columns[] = {{"KIND"}, {"ACTIONS", 1, 20}, {"KNOWN", 2}};
  Table table(columns);
  for (const auto& kind : tenant.catalogue) {
    std::vector<std::string> actions;
    for (const auto& action : kind->actions) actions.push_back(action->name);
    table.add({kind->name, joined(actions), kind->open ? "anything below" : "what is listed"});
  }
  write_heading(out, "Catalogue");
  table.indent(2).write(out);
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
  Table table(grant_columns());
  for (const auto& held : grants)
    if (held->grant) table.add(row_of(*held));
  table.write(out);
}

void write_grants_of(std::ostream& out, const schema::UserViewT& user) {
  write_grants(out, user.data_access);
  write_roles_of(out, user);
}

void write_roles_of(std::ostream& out, const schema::UserViewT& user) {
  for (const auto& role : user.roles)
    write_sentence(out, "and all of role " + role->name + " (" + cause_text(role->added) + ")");
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
  if (role.grants.empty()) return;
  write_heading(out, "Grants");
  Table table(grant_columns());
  for (const auto& held : role.grants)
    if (held->grant) table.add(row_of(*held));
  table.indent(2).write(out);
}

void write_tenant(std::ostream& out, const schema::TenantViewT& tenant) {
  Fields fields;
  fields.add("id", uuid_text(tenant.id));
  fields.add("alias", tenant.alias);
  fields.add("display name", tenant.display_name);
  fields.add("status", enabled_text(tenant.enabled), Shade::state);
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
  write_heading(out, "Policies");
  fields.write(out, 2);
}

Columns grant_columns() {
  static constexpr Column columns[] = {{"GRANT", 2},          {"EFFECT", 0, 0, Shade::state},
                                       {"ACTION", 0, 12},     {"RESOURCE", 0, 24},
                                       {"CONDITIONS", 1, 26}, {"ADDED", 3, 28}};
  return columns;
}

Row row_of(const schema::GrantHeldT& held) {
  if (!held.grant) return {};
  const auto& grant = *held.grant;
  return {
      grant_name(grant.reference),       effect_text(grant.effect), grant.action, grant.resource,
      conditions_text(grant.conditions), cause_text(held.added)};
}

Columns user_columns() {
  static constexpr Column columns[] = {
      {"USER", 0, 20},
      {"STATUS", 0, 0, Shade::state},
      {"LOCKED BY", 1, 0, Shade::fault},
      {"ACCESS", 2, 0, Shade::state},
      {"GRANTS", 7},
      {"VERSION", 9},
      {"CREATED", 6},
      {"CHANGED", 8},
      {"LAST USED", 3},
      {"NAME", 4, 12},
      {"DESCRIPTION", 5, 16},
      {"ID", 9},
  };
  return columns;
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

Columns tenant_columns() {
  static constexpr Column columns[] = {
      {"ALIAS", 0, 24}, {"STATUS", 0, 0, Shade::state}, {"USERS", 1}, {"NAME", 2, 16}, {"ID", 9}};
  return columns;
}

Row row_of(const schema::TenantViewT& tenant) {
  return {tenant.alias, enabled_text(tenant.enabled), std::to_string(tenant.user_count),
          tenant.display_name, uuid_text(tenant.id)};
}

Columns role_columns() {
  static constexpr Column columns[] = {
      {"ROLE", 0, 24}, {"GRANTS", 1}, {"HOLDERS", 1}, {"HOLDS", 3, 12}, {"DESCRIPTION", 2, 16}};
  return columns;
}

Row row_of(const schema::RoleViewT& role) {
  return {role.name, std::to_string(role.grant_count), std::to_string(role.holder_count),
          joined(role.inner), role.description};
}

std::vector<std::string> policy_names() {
  std::vector<std::string> names;
  for (const PolicyField& policy : policy_fields) names.emplace_back(policy.field);
  return names;
}

Columns key_columns() {
  static constexpr Column columns[] = {
      {"NAME", 0, 16}, {"BEGINS WITH", 1}, {"EXPIRES", 0, 0, Shade::until},
      {"ONLY", 3, 16}, {"CREATED", 4, 26}, {"LAST USED", 0}};
  return columns;
}

Row row_of(const schema::KeyViewT& key) {
  std::vector<std::string> only;
  for (const auto& part : key.narrowed_to) only.push_back(part->action + " " + part->resource);
  return {key.name,
          key.prefix,
          key.expires_ns == 0 ? "never" : time_text_short(key.expires_ns),
          joined(only),
          cause_text(key.created),
          time_or_nothing(key.last_used_ns)};
}

Columns session_columns() {
  static constexpr Column columns[] = {
      {"USER", 0, 16}, {"OPENED", 1},     {"LAST USED"},      {"EXPIRES", 2, 0, Shade::until},
      {"CALLS", 5},    {"BY KEY", 4, 10}, {"SERVICE", 6, 10}, {"SESSION", 3}};
  return columns;
}

Row row_of(const schema::SessionViewT& session) {
  return {session.username,
          time_text_short(session.opened_ns),
          time_text_short(session.last_used_ns),
          time_text_short(session.expires_ns),
          std::to_string(session.call_count),
          session.key_name,
          session.service_name,
          uuid_text(session.session)};
}

}  // namespace postern::text
