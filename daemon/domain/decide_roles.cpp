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

/// A5: of what a role allows, as warnings are asked for. False: enough was told.
class RoleWarning {
 public:
  RoleWarning(const Case& asked, const Catalogue& catalogue)
      : asked_(asked), catalogue_(catalogue) {}

  bool add(const Grant& grant) {
    if (grant.deny) return true;
    const std::size_t work = work_of_warning(catalogue_, *grant.resource);
    if (looked_at_ + work > looked_at_max) return end();
    looked_at_ += work;
    asked_.looked_at(work);
    const std::string warning = warning_of(catalogue_, *grant.resource, *grant.action);
    if (warning.empty() || told_.find(warning) != std::string::npos) return true;
    if (told_.size() + warning.size() > told_bytes_max) return end();
    told_ += (told_.empty() ? "" : " ") + warning;
    return true;
  }
  const std::string& told() const { return told_; }

 private:
  static constexpr std::size_t told_bytes_max = 1'024;
  static constexpr std::size_t looked_at_max = 50'000;

  bool end() {
    told_ += told_.empty() ? "It holds more than is looked at for warnings." : " And more.";
    return false;
  }

  const Case& asked_;
  const Catalogue& catalogue_;
  std::string told_;
  std::size_t looked_at_ = 0;
};

/// A5: of all that a role allows; only kinds that warn are looked at.
std::string warning_of_role(const Case& asked, const Tenant& tenant, const NamedRole& role) {
  RoleWarning warning(asked, *tenant.catalogue);
  const auto warns = [](const CatalogueKind& kind) {
    return !kind.warned.empty() || std::ranges::any_of(kind.actions, [](const auto& action) {
      return !action.warning.empty();
    });
  };
  const std::vector<const NamedRole*> within = roles_within(*tenant.roles, role);
  asked.looked_at(within.size());
  for (const CatalogueKind& kind : *tenant.catalogue) {
    if (!warns(kind)) continue;
    for (const NamedRole* part : within)
      if (!visit_kind(*part->grants, kind.name,
                      [&](const Grant& grant) { return warning.add(grant); }))
        return warning.told();
  }
  return warning.told();
}

const RoleHeld* find_held(const User& user, const NamedRole& role) {
  const auto& roles = extras_of(user).roles;
  const auto place = std::ranges::find(roles, role.id, &RoleHeld::role);
  return place == roles.end() ? nullptr : &*place;
}

}  // namespace

const NamedRole* require_role(const Case& asked, const Tenant& tenant,
                              const flatbuffers::String* name, std::string_view field) {
  const NamedRole* role = find_role(tenant, view_of(name));
  if (role == nullptr)
    asked.refuse(
        view_of(name).empty() ? Code::field_missing : Code::role_unknown, field,
        view_of(name).empty() ? "The command concerns a role." : quoted(view_of(name)) + ".");
  return role;
}

void create_role(const Case& asked) {
  const Tenant* tenant = require_tenant(asked);
  if (tenant == nullptr) return;
  const auto& body = *asked.command.body_as_CreateRole();
  const std::string_view name = view_of(body.name());
  const std::string_view description = view_of(body.description());
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
  asked.cause(created);
}

void delete_role(const Case& asked) {
  const Tenant* tenant = require_tenant(asked);
  const NamedRole* role =
      tenant == nullptr
          ? nullptr
          : require_role(asked, *tenant, asked.command.body_as_DeleteRole()->name(), "name");
  if (role == nullptr) return;
  std::string holders;
  asked.looked_at(tenant->roles->by_name.size());
  for (const auto& outer : tenant->roles->by_name)
    if (holds(*outer, *role)) holders += (holders.empty() ? "" : ", ") + outer->name;
  const std::size_t users = asked.state.role_holder_count(role->id);
  if (users > 0 || !holders.empty())
    return asked.refuse(Code::role_in_use, "name",
                        std::to_string(users) + " users" +
                            (holders.empty() ? "." : " and the roles " + holders + "."));
  schema::RoleDeletedT deleted;
  deleted.role = std::make_unique<Uuid>(role->id);
  asked.cause(deleted);
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
  const RoleReach reach(roles);
  asked.looked_at(4 * reach.work());
  const std::size_t depth = depth_above(roles, *outer) + 1 + depth_below(roles, *inner);
  if (depth > role_depth_max)
    return asked.refuse(Code::role_too_deep, "inner",
                        "The limit is 8, found " + std::to_string(depth) + ".");
  const std::vector<const NamedRole*> above = reach.above(outer->id);
  asked.looked_at(16 * above.size());
  for (const NamedRole* holder : above) {
    const std::size_t size = reach.size(*holder, inner);
    if (size > grants_max)
      return asked.refuse(Code::too_large, "inner",
                          quoted(holder->name) + " would hold more with all within: the limit is " +
                              "10000 grants, found " + std::to_string(size) + ".");
  }
  schema::RoleNestedT nested;
  nested.role = std::make_unique<Uuid>(outer->id);
  nested.inner = std::make_unique<Uuid>(inner->id);
  asked.cause(nested, warning_of_role(asked, *tenant, *inner));
}

void unnest_role(const Case& asked) {
  const auto [tenant, outer, inner] = require_pair(asked, *asked.command.body_as_UnnestRole());
  if (inner == nullptr) return;
  if (!holds(*outer, *inner)) return asked.refuse(Code::role_not_held, "inner");
  schema::RoleUnnestedT unnested;
  unnested.role = std::make_unique<Uuid>(outer->id);
  unnested.inner = std::make_unique<Uuid>(inner->id);
  asked.cause(unnested);
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
  asked.cause(*user, assigned, warning_of_role(asked, tenant, *role));
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
  asked.cause(*user, unassigned);
}

}  // namespace postern::domain
