// A8: roles and who holds them.
#include <algorithm>

#include "daemon/domain/handlers.h"
#include "daemon/domain/roles.h"

namespace postern::domain {

namespace {

/// A change of one copies the list of all.
void count_roles(const Scene& scene, const Tenant& tenant) {
  if (tenant.roles != nullptr) scene.changes.work += tenant.roles->by_id.size() / 4;
}

/// Puts in place a role as `edit` makes it of the one with this id.
template <class Edit>
void edit_role(const Scene& scene, const Uuid* id, Edit edit) {
  const Tenant* tenant = scene.state.tables().find_tenant(scene.record.tenant);
  const NamedRole* before = tenant == nullptr || id == nullptr ? nullptr : find_role(*tenant, *id);
  if (before == nullptr) return;
  NamedRole after = *before;
  edit(after);
  edit_tenant(scene, [&](Tenant& changed) {
    count_roles(scene, changed);
    changed.roles = with_role(changed.roles.get(), std::move(after));
  });
}

}  // namespace

void role_created(const Scene& scene, const schema::RoleCreated& body) {
  if (body.role() == nullptr) return;
  NamedRole role;
  role.id = *body.role();
  role.name = view_of(body.name());
  role.description = view_of(body.description());
  role.created_seq = scene.record.seq;
  role.grants = no_grants();
  edit_tenant(scene, [&](Tenant& tenant) {
    count_roles(scene, tenant);
    tenant.roles = with_role(tenant.roles.get(), std::move(role));
  });
}

void role_deleted(const Scene& scene, const schema::RoleDeleted& body) {
  if (body.role() == nullptr) return;
  edit_tenant(scene, [&](Tenant& tenant) {
    count_roles(scene, tenant);
    if (tenant.roles != nullptr) tenant.roles = without_role(*tenant.roles, *body.role());
  });
}

void role_grant_added(const Scene& scene, const schema::RoleGrantAdded& body) {
  if (body.resource() == nullptr || body.action() == nullptr) return;
  const std::optional<Conditions> conditions = conditions_of(body.conditions());
  const Grant grant = grant_of(scene, body, conditions.has_value());
  edit_role(scene, body.role(), [&](NamedRole& role) {
    role.grants =
        with_grant(*role.grants, grant, scene.state.rights(), conditions ? &*conditions : nullptr);
  });
}

void role_grant_removed(const Scene& scene, const schema::RoleGrantRemoved& body) {
  if (body.grant() == nullptr) return;
  edit_role(scene, body.role(), [&](NamedRole& role) {
    role.grants = without_grant(*role.grants, name_of_grant(body));
  });
}

void role_nested(const Scene& scene, const schema::RoleNested& body) {
  if (body.inner() == nullptr) return;
  edit_role(scene, body.role(), [&](NamedRole& role) { role.inner.push_back(*body.inner()); });
}

void role_unnested(const Scene& scene, const schema::RoleUnnested& body) {
  if (body.inner() == nullptr) return;
  edit_role(scene, body.role(), [&](NamedRole& role) { std::erase(role.inner, *body.inner()); });
}

void role_assigned(const Scene& scene, const schema::RoleAssigned& body) {
  if (body.role() == nullptr) return;
  edit_user(scene, [&](User& user) {
    edit_extras(user, [&](UserExtras& extras) {
      extras.roles.push_back({*body.role(), scene.record.seq});
    });
  });
}

void role_unassigned(const Scene& scene, const schema::RoleUnassigned& body) {
  if (body.role() == nullptr) return;
  edit_user(scene, [&](User& user) {
    edit_extras(user, [&](UserExtras& extras) {
      std::erase_if(extras.roles, [&](const RoleHeld& held) { return held.role == *body.role(); });
    });
  });
}

}  // namespace postern::domain
