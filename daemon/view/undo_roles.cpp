// H10: what records did to roles, and to who holds them (A8).
#include <algorithm>

#include "daemon/domain/conditions.h"
#include "daemon/domain/roles.h"
#include "daemon/view/undo.h"

namespace postern::view {

namespace {

using schema::EventBody;
using Step = Undoing::Step;

const domain::RoleHeld* find_held(const domain::User& user, const Uuid& role) {
  const auto& roles = domain::extras_of(user).roles;
  const auto place = std::ranges::find(roles, role, &domain::RoleHeld::role);
  return place == roles.end() ? nullptr : &*place;
}

bool holds(const domain::NamedRole& role, const Uuid& inner) {
  return std::ranges::find(role.inner, inner) != role.inner.end();
}

/// One that this record deleted is made again under its name; empty: it is not there.
std::string name_of_role(const Undoing& undoing, const Uuid& id) {
  const domain::NamedRole* role = domain::find_role(*undoing.tenant, id);
  return role == nullptr ? undoing.name_made_again(id) : role->name;
}

/// An event that nests, or no longer nests, the one role in the other.
bool is_nesting(const schema::Event& event, EventBody kind, const Uuid& role, const Uuid& inner) {
  if (event.body_type() != kind) return false;
  const auto same = [&](const auto& body) {
    return *body.role() == role && *body.inner() == inner;
  };
  return kind == EventBody::RoleNested ? same(*event.body_as_RoleNested())
                                       : same(*event.body_as_RoleUnnested());
}

/// The newest record that rests on a role, other than the one that made it: a grant of it, or
/// somebody who holds it; 0: none.
domain::Seq rests_on(Undoing& undoing, const domain::NamedRole& role) {
  domain::Seq newest = undoing.newest_holding(role.id);
  for (const domain::Grant& grant : role.grants->sorted())
    if (grant.seq != undoing.seq()) newest = std::max<domain::Seq>(newest, grant.seq);
  return newest;
}

/// A nesting of the role that this record did not make: it came later.
bool is_nested_since(const Undoing& undoing, const domain::NamedRole& role) {
  const auto made_here = [&](const Uuid& outer, const Uuid& inner) {
    return undoing.first([&](const schema::Event& one) {
      return is_nesting(one, EventBody::RoleNested, outer, inner);
    }) != nullptr;
  };
  for (const Uuid& inner : role.inner)
    if (!made_here(role.id, inner)) return true;
  return std::ranges::any_of(undoing.tenant->roles->by_id, [&](const auto& outer) {
    return holds(*outer, role.id) && !made_here(outer->id, role.id);
  });
}

void add_grants_back(Undoing& undoing, const domain::NamedRole& role) {
  for (const domain::Grant& grant : role.grants->sorted()) {
    schema::AddRoleGrantT body;
    body.role = role.name;
    body.effect = grant.effect();
    body.action = *grant.action;
    body.resource = *grant.resource;
    if (const auto* conditions = domain::conditions_of(*role.grants, grant))
      body.conditions = domain::as_schema(*conditions);
    undoing.send(std::move(body));
  }
}

}  // namespace

Step role_is_gone(Undoing& undoing, const Uuid& role) {
  return undoing.overtaken(undoing.later([&](const schema::Event& one) {
    return is_kind(one, EventBody::RoleDeleted) && *role_of(one) == role;
  }),
                           "deleted the role");
}

Step undo_assignment(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const domain::User& user = undoing.user(event);
  const Uuid& id = *event.body_as_RoleAssigned()->role();
  if (!undoing.is_last("role " + std::to_string(id.high()) + std::to_string(id.low()), user.id))
    return {};
  const domain::RoleHeld* held = find_held(user, id);
  if (held == nullptr)
    return undoing.overtaken(undoing.later_of(user,
                                              [&](const schema::Event& one) {
                                                return is_kind(one, EventBody::RoleUnassigned) &&
                                                       *role_of(one) == id;
                                              }),
                             "took the role away");
  if (held->seq != undoing.seq()) return undoing.overtaken(held->seq, "assigned the role again");
  // What was unassigned first in the record was held before it.
  const schema::Event* first = undoing.first([&](const schema::Event& one) {
    return is_about(one, user.id) && role_of(one) != nullptr && *role_of(one) == id;
  });
  if (is_kind(*first, EventBody::RoleUnassigned)) return {};
  schema::UnassignRoleT body;
  body.role = domain::find_role(*undoing.tenant, id)->name;
  undoing.send(user, std::move(body));
  return {};
}

Step undo_unassignment(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const domain::User& user = undoing.user(event);
  const Uuid& id = *event.body_as_RoleUnassigned()->role();
  if (!undoing.is_last("role " + std::to_string(id.high()) + std::to_string(id.low()), user.id))
    return {};
  if (const domain::RoleHeld* held = find_held(user, id))
    return undoing.overtaken(held->seq, "assigned the role again");
  const schema::Event* first = undoing.first([&](const schema::Event& one) {
    return is_about(one, user.id) && role_of(one) != nullptr && *role_of(one) == id;
  });
  if (is_kind(*first, EventBody::RoleAssigned)) return {};
  schema::AssignRoleT body;
  body.role = name_of_role(undoing, id);
  if (body.role.empty()) return role_is_gone(undoing, id);
  undoing.send(user, std::move(body));
  return {};
}

Step undo_nesting(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const auto& nested = *event.body_as_RoleNested();
  if (undoing.is_made_again(*nested.role())) return {};
  const domain::NamedRole* role = domain::find_role(*undoing.tenant, *nested.role());
  const domain::NamedRole* inner = domain::find_role(*undoing.tenant, *nested.inner());
  if (role == nullptr) return role_is_gone(undoing, *nested.role());
  if (inner == nullptr) return role_is_gone(undoing, *nested.inner());
  const bool last = undoing.is_last("in " + role->name, inner->id);
  if (last && !holds(*role, inner->id))
    return undoing.overtaken(undoing.later([&](const schema::Event& one) {
      return is_nesting(one, EventBody::RoleUnnested, role->id, inner->id);
    }),
                             "took the role out of the other");
  schema::UnnestRoleT body;
  body.role = role->name;
  body.inner = inner->name;
  undoing.send(std::move(body));
  return {};
}

Step undo_unnesting(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const auto& unnested = *event.body_as_RoleUnnested();
  if (undoing.is_made_again(*unnested.role())) return {};
  const std::string role = name_of_role(undoing, *unnested.role());
  const std::string inner = name_of_role(undoing, *unnested.inner());
  if (role.empty()) return role_is_gone(undoing, *unnested.role());
  if (inner.empty()) return role_is_gone(undoing, *unnested.inner());
  const domain::NamedRole* outer = domain::find_role(*undoing.tenant, *unnested.role());
  const bool last = undoing.is_last("in " + role, *unnested.inner());
  if (last && outer != nullptr && holds(*outer, *unnested.inner()))
    return undoing.overtaken(undoing.later([&](const schema::Event& one) {
      return is_nesting(one, EventBody::RoleNested, outer->id, *unnested.inner());
    }),
                             "put the role into the other again");
  schema::NestRoleT body;
  body.role = role;
  body.inner = inner;
  undoing.send(std::move(body));
  return {};
}

Step undo_role_created(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const auto& created = *event.body_as_RoleCreated();
  const domain::NamedRole* role = domain::find_role(*undoing.tenant, *created.role());
  if (role == nullptr) return role_is_gone(undoing, *created.role());
  if (const domain::Seq later = rests_on(undoing, *role))
    return undoing.overtaken(later, "rests on role '" + role->name + "'");
  if (is_nested_since(undoing, *role))
    return undoing.overtaken(undoing.later([&](const schema::Event& one) {
      const auto* nested = one.body_as_RoleNested();
      return nested != nullptr && (*nested->role() == role->id || *nested->inner() == role->id);
    }),
                             "nested role '" + role->name + "'");
  schema::DeleteRoleT body;
  body.name = role->name;
  undoing.send(std::move(body));
  return {};
}

Step undo_role_deleted(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const Uuid& id = *event.body_as_RoleDeleted()->role();
  const auto before = undoing.state_before([&] { return tenant_before(undoing); });
  const domain::Tenant* tenant = before->tables().find_tenant(undoing.tenant->id);
  const domain::NamedRole* role = tenant == nullptr ? nullptr : domain::find_role(*tenant, id);
  if (role == nullptr) return Undoing::impossible("What the role was cannot be found.");
  if (const auto* other = domain::find_role(*undoing.tenant, role->name))
    return undoing.overtaken(other->created_seq, "made another role of the name");
  schema::CreateRoleT created;
  created.name = role->name;
  created.description = role->description;
  undoing.send(std::move(created));
  // As it was before the record: with what the record took from it before it deleted it.
  undoing.make_again(id, role->name);
  add_grants_back(undoing, *role);
  for (const Uuid& inner : role->inner) {
    schema::NestRoleT body;
    body.role = role->name;
    body.inner = name_of_role(undoing, inner);
    if (body.inner.empty()) return role_is_gone(undoing, inner);
    undoing.send(std::move(body));
  }
  undoing.left.push_back("Role '" + role->name + "' is another one, with the same grants.");
  return {};
}

}  // namespace postern::view
