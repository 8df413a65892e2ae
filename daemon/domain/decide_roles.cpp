// A8: roles, what they hold and who holds them.
#include <algorithm>

#include "codes.h"
#include "daemon/domain/access.h"
#include "daemon/domain/roles.h"
#include "daemon/domain/rules.h"

namespace postern::domain {

using schema::Code;

namespace {

constexpr std::size_t description_bytes_max = 256;
constexpr std::size_t name_bytes_max = 63;

bool is_role_name(std::string_view text) {
  const auto is_first = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= name_bytes_max && is_first(text.front()) &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") ==
             std::string_view::npos;
}

struct Pair {
  const Tenant* tenant = nullptr;
  const NamedRole* outer = nullptr;
  const NamedRole* inner = nullptr;
};

/// Both roles of a nesting; `inner` is null where one was refused.
template <class Body>
Pair require_pair(const Case& asked, const Body& body) {
  Pair pair{require_tenant(asked)};
  if (pair.tenant == nullptr) return pair;
  pair.outer = require_role(asked, *pair.tenant, body.role());
  pair.inner = require_role(asked, *pair.tenant, body.inner(), "inner");
  if (pair.outer == nullptr) pair.inner = nullptr;
  return pair;
}

bool holds(const NamedRole& outer, const NamedRole& inner) {
  return std::ranges::find(outer.inner, inner.id) != outer.inner.end();
}

/// What a role would compile to with another nested in it.
std::size_t size_with(const NamedRoles& roles, const NamedRole& outer, const NamedRole& inner) {
  std::vector<const NamedRole*> all = roles_within(roles, outer);
  std::size_t size = 0;
  for (const NamedRole* part : roles_within(roles, inner))
    if (std::ranges::find(all, part) == all.end()) all.push_back(part);
  for (const NamedRole* part : all) size += part->grants->size();
  return size;
}

/// A5: of all that a role allows.
std::string warning_of_role(const Tenant& tenant, const NamedRole& role) {
  constexpr std::size_t told_bytes_max = 1'024;
  std::string told;
  for (const Grant& grant : role.compiled->sorted) {
    if (grant.deny) continue;
    const std::string warning = warning_of(*tenant.catalogue, *grant.resource, *grant.action);
    if (warning.empty() || told.find(warning) != std::string::npos) continue;
    if (told.size() + warning.size() > told_bytes_max) return told + " And more.";
    told += (told.empty() ? "" : " ") + warning;
  }
  return told;
}

const RoleHeld* find_held(const User& user, const NamedRole& role) {
  const auto& roles = extras_of(user).roles;
  const auto place = std::ranges::find(roles, role.id, &RoleHeld::role);
  return place == roles.end() ? nullptr : &*place;
}

}  // namespace

const NamedRole* require_role(const Case& asked, const Tenant& tenant,
                              const flatbuffers::String* name, std::string_view field) {
  const NamedRole* role = find_role(tenant, view(name));
  if (role == nullptr)
    asked.refuse(view(name).empty() ? Code::field_missing : Code::role_unknown, field,
                 view(name).empty() ? "The command concerns a role." : quoted(view(name)) + ".");
  return role;
}

void create_role(const Case& asked) {
  const Tenant* tenant = require_tenant(asked);
  if (tenant == nullptr) return;
  const auto& body = *asked.command.body_as_CreateRole();
  const std::string_view name = view(body.name());
  const std::string_view description = view(body.description());
  if (!is_role_name(name))
    asked.refuse(Code::field_malformed, "name",
                 "It must be [a-z0-9][a-z0-9._-]{0,62}, found " + quoted(name) + ".");
  if (description.size() > description_bytes_max || !is_text(description))
    asked.refuse(Code::field_malformed, "description",
                 "It must be at most 256 bytes of UTF-8 without control characters.");
  if (find_role(*tenant, name) != nullptr)
    asked.refuse(Code::role_exists, "name", quoted(name) + ".");
  else if (tenant->roles != nullptr && tenant->roles->by_id.size() >= roles_max)
    asked.refuse(Code::too_large, "tenant", "The limit is 1000 roles, found 1001.");
  if (!asked.decision.refusals.empty()) return;
  schema::RoleCreatedT created;
  created.role = std::make_unique<Uuid>(asked.material.new_id);
  created.name = name;
  created.description = description;
  asked.cause(std::move(created));
}

void delete_role(const Case& asked) {
  const Tenant* tenant = require_tenant(asked);
  const NamedRole* role =
      tenant == nullptr
          ? nullptr
          : require_role(asked, *tenant, asked.command.body_as_DeleteRole()->name(), "name");
  if (role == nullptr) return;
  std::string holders;
  for (const auto& outer : tenant->roles->by_name)
    if (holds(*outer, *role)) holders += (holders.empty() ? "" : ", ") + outer->name;
  const std::size_t users = asked.state.role_holder_count(role->id);
  if (users > 0 || !holders.empty())
    return asked.refuse(Code::role_in_use, "name",
                        std::to_string(users) + " users" +
                            (holders.empty() ? "." : " and the roles " + holders + "."));
  schema::RoleDeletedT deleted;
  deleted.role = std::make_unique<Uuid>(role->id);
  asked.cause(std::move(deleted));
}

void nest_role(const Case& asked) {
  const auto [tenant, outer, inner] = require_pair(asked, *asked.command.body_as_NestRole());
  if (inner == nullptr) return;
  const NamedRoles& roles = *tenant->roles;
  if (holds(*outer, *inner)) return asked.refuse(Code::role_already_held, "inner");
  if (reaches(roles, *inner, outer->id)) {
    std::string ring = outer->name;
    for (const std::string& name : way_down(roles, *inner, outer->id)) ring += ", " + name;
    return asked.refuse(Code::role_cycle, "inner",
                        "Each of these would hold the next: " + ring + ".");
  }
  const std::size_t depth = depth_above(roles, *outer) + 1 + depth_below(roles, *inner);
  if (depth > role_depth_max)
    return asked.refuse(Code::role_too_deep, "inner",
                        "The limit is 8, found " + std::to_string(depth) + ".");
  for (const auto& holder : roles.by_id) {
    if (!reaches(roles, *holder, outer->id)) continue;
    const std::size_t size = size_with(roles, *holder, *inner);
    if (size > grants_max)
      return asked.refuse(Code::too_large, "inner",
                          quoted(holder->name) + " would hold more with all within: the limit is " +
                              "10000 grants, found " + std::to_string(size) + ".");
  }
  schema::RoleNestedT nested;
  nested.role = std::make_unique<Uuid>(outer->id);
  nested.inner = std::make_unique<Uuid>(inner->id);
  asked.cause(std::move(nested));
  asked.decision.events.back().warning = warning_of_role(*tenant, *inner);
}

void unnest_role(const Case& asked) {
  const auto [tenant, outer, inner] = require_pair(asked, *asked.command.body_as_UnnestRole());
  if (inner == nullptr) return;
  if (!holds(*outer, *inner)) return asked.refuse(Code::role_not_held, "inner");
  schema::RoleUnnestedT unnested;
  unnested.role = std::make_unique<Uuid>(outer->id);
  unnested.inner = std::make_unique<Uuid>(inner->id);
  asked.cause(std::move(unnested));
}

void assign_role(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  const Tenant& tenant = *asked.state.tables().find_tenant(user->tenant);
  const NamedRole* role = require_role(asked, tenant, asked.command.body_as_AssignRole()->role());
  if (role == nullptr) return;
  if (find_held(*user, *role) != nullptr) return asked.refuse(Code::role_already_held, "role");
  if (extras_of(*user).roles.size() >= roles_held_max)
    return asked.refuse(Code::too_large, "user", "The limit is 100 roles, found 101.");
  schema::RoleAssignedT assigned;
  assigned.role = std::make_unique<Uuid>(role->id);
  asked.cause(*user, std::move(assigned));
  asked.decision.events.back().warning = warning_of_role(tenant, *role);
}

void unassign_role(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  const Tenant& tenant = *asked.state.tables().find_tenant(user->tenant);
  const NamedRole* role = require_role(asked, tenant, asked.command.body_as_UnassignRole()->role());
  if (role == nullptr) return;
  if (find_held(*user, *role) == nullptr) return asked.refuse(Code::role_not_held, "role");
  schema::RoleUnassignedT unassigned;
  unassigned.role = std::make_unique<Uuid>(role->id);
  asked.cause(*user, std::move(unassigned));
}

}  // namespace postern::domain
