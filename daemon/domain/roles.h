// Named roles of a tenant (A8): looked up by name and id, nested. Users hold roles by id, roles
// hold others by id: a change of one copies that one alone, and all see it at once.
#pragma once

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

/// Which roles lie within which, worked out for all of a tenant at once.
class RoleReach {
 public:
  /// `roles` outlives it.
  explicit RoleReach(const NamedRoles& roles);

  /// The roles that have this one within, with itself, by id.
  std::vector<const NamedRole*> above(const Uuid& id) const;
  /// Grants of a role with all within; `with`: and with what that one has within, too.
  std::size_t size(const NamedRole& role, const NamedRole* with = nullptr) const;
  /// What working it out looked at.
  std::size_t work() const { return work_; }

 private:
  using Row = std::vector<std::uint64_t>;

  std::size_t place_of(const Uuid& id) const;
  const Row& fill(std::size_t place);

  const NamedRoles& roles_;
  /// By place: a bit for each role within; empty: itself alone.
  std::vector<Row> rows_;
  std::size_t work_ = 0;
};

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

/// With this role added or replaced. Null: there were none.
std::shared_ptr<const NamedRoles> with_role(const NamedRoles* roles, NamedRole role);
/// All of a tenant, each with what it holds itself; ids by order, none twice.
std::shared_ptr<const NamedRoles> with_roles(std::vector<NamedRole> roles);
/// Without it; null where none are left. Nobody holds it.
std::shared_ptr<const NamedRoles> without_role(const NamedRoles& roles, const Uuid& id);

}  // namespace postern::domain
