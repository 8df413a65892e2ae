// Named roles of a tenant (A8): looked up by name and id, nested, compiled. A change of one role
// compiles it and those that hold it anew, once; users hold roles by id and see it at once.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "daemon/domain/entries.h"

namespace postern::domain {

/// In a tenant.
inline constexpr std::size_t roles_max = 1'000;
/// By one user.
inline constexpr std::size_t roles_held_max = 100;
/// Roles within roles: the innermost lies this many levels below the outermost.
inline constexpr std::size_t role_depth_max = 8;

/// Null if there is none.
const NamedRole* find_role(const Tenant& tenant, const Uuid& id);
const NamedRole* find_role(const Tenant& tenant, std::string_view name);

/// The role and all within it, each once.
std::vector<const NamedRole*> roles_within(const NamedRoles& roles, const NamedRole& role);

/// Whether a role is, or has within it, the one with this id.
bool reaches(const NamedRoles& roles, const NamedRole& role, const Uuid& id);

/// Whether any role is within itself.
bool has_ring(const NamedRoles& roles);

/// Levels of roles below it; 0: none.
std::size_t depth_below(const NamedRoles& roles, const NamedRole& role);
/// Levels of roles that hold it; 0: none.
std::size_t depth_above(const NamedRoles& roles, const NamedRole& role);

/// The names from one role down to another that it reaches.
std::vector<std::string> way_down(const NamedRoles& roles, const NamedRole& from, const Uuid& to);

using Intern = std::function<const std::string*(std::string_view)>;

/// With this role added or replaced, and all that hold it compiled. Null: there were none.
std::shared_ptr<const NamedRoles> with_role(const NamedRoles* roles, NamedRole role,
                                            const Intern& intern);
/// All of a tenant, each with what it holds itself, compiled; ids by order, none twice.
std::shared_ptr<const NamedRoles> with_roles(std::vector<NamedRole> roles, const Intern& intern);
/// Without it; null where none are left. Nobody holds it.
std::shared_ptr<const NamedRoles> without_role(const NamedRoles& roles, const Uuid& id);

}  // namespace postern::domain
