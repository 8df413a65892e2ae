// What everybody in a state may do, as text without seqs and ids: two states with the same text
// give everybody the same access.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/domain/conditions.h"
#include "daemon/domain/roles.h"
#include "daemon/domain/state.h"
#include "tests/support/scenario.h"

namespace postern::support {

namespace access {

using Lines = std::vector<std::string>;

inline std::string text_of(const schema::NetworksT* networks) {
  std::string made = "[";
  if (networks != nullptr)
    for (const std::string& entry : networks->entries) made += entry + " ";
  return made + "]";
}

inline std::string text_of(const domain::Conditions* conditions) {
  if (conditions == nullptr) return "always";
  return text_of(domain::as_schema(conditions->networks).get()) +
         (conditions->secure_transport ? " tls " : " ") +
         std::to_string(conditions->not_before_ns.value_or(0)) + "-" +
         std::to_string(conditions->not_after_ns.value_or(0));
}

inline void add(Lines& lines, const std::string& holder, const domain::Grants& grants) {
  for (const domain::Grant& grant : grants.sorted())
    lines.push_back(holder + " " + schema::EnumNameEffect(grant.effect()) + " " + *grant.action +
                    " " + *grant.resource + " " + text_of(domain::conditions_of(grants, grant)));
}

inline void add(Lines& lines, const domain::Tenant& tenant, const domain::User& user) {
  if (user.status == schema::UserStatus::deleted) return;
  const domain::UserExtras& extras = domain::extras_of(user);
  std::string line = "user " + user.username + " " + schema::EnumNameUserStatus(user.status) +
                     (user.api_access ? " access" : "");
  for (const domain::Lock& lock : domain::locks_of(tenant, user, 0))
    line += std::string(" locked:") + schema::EnumNameLockCause(lock.cause);
  line += " " + text_of(domain::as_schema(extras.networks).get()) +
          (extras.skip_ip_check ? " skip" : "") + (extras.secure_transport_required ? " tls" : "") +
          " " + std::to_string(extras.session_timeout_seconds);
  if (user.sealed_profile != nullptr)
    line += " " + std::string(user.sealed_profile->begin(), user.sealed_profile->end());
  lines.push_back(line);
  add(lines, user.username, *user.grants);
  for (const domain::ApiKey& key : extras.keys) lines.push_back(user.username + " key " + key.name);
  for (const domain::RoleHeld& held : extras.roles)
    lines.push_back(user.username + " holds " + domain::find_role(tenant, held.role)->name);
}

inline void add(Lines& lines, const domain::Tenant& tenant) {
  auto policies = schema::PoliciesT(tenant.policies);
  lines.push_back("tenant " + tenant.display_name + (tenant.enabled ? " enabled " : " disabled ") +
                  policies.username_prefix + " " + std::to_string(policies.lock_seconds) +
                  text_of(domain::as_schema(tenant.networks).get()));
  for (const domain::CatalogueKind& kind : *tenant.catalogue) {
    lines.push_back("kind " + kind.name + (kind.open ? " open " : " closed ") + kind.description);
    for (const auto& action : kind.actions)
      lines.push_back("action " + kind.name + " " + action.name + " " + action.description);
    for (const auto& resource : kind.resources)
      lines.push_back("resource " + resource.path + " " + resource.description);
  }
  if (tenant.roles == nullptr) return;
  for (const auto& role : tenant.roles->by_id) {
    lines.push_back("role " + role->name + " " + role->description);
    add(lines, "role " + role->name, *role->grants);
    for (const Uuid& inner : role->inner)
      lines.push_back("role " + role->name + " in it " + domain::find_role(tenant, inner)->name);
  }
}

inline void add(Lines& lines, const domain::Operator& entry) {
  std::string line = "operator " + entry.name + " " + schema::EnumNameRole(entry.role);
  for (const std::string& identity : domain::identities_of(entry)) line += " " + identity;
  line += entry.all_tenants ? " everywhere" : " " + std::to_string(entry.tenants.size());
  lines.push_back(line);
}

}  // namespace access

inline std::string access_text(const domain::State& state) {
  access::Lines lines;
  state.tables().for_each_tenant([&](const domain::Tenant& tenant) { access::add(lines, tenant); });
  state.tables().for_each_user([&](const domain::User& user) {
    access::add(lines, *state.tables().find_tenant(user.tenant), user);
  });
  state.tables().for_each_operator(
      [&](const domain::Operator& entry) { access::add(lines, entry); });
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace postern::support
