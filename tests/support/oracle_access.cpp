// The oracle's opinion of commands on catalogues, grants and roles.
#include <algorithm>
#include <set>

#include "tests/support/oracle.h"
#include "tests/support/oracle_forms.h"

namespace postern::support {

using schema::Code;
using schema::EventBody;

namespace {

constexpr std::size_t depth_max = 8;

using Kinds = std::vector<std::unique_ptr<schema::CatalogueKindT>>;

bool is_note(const std::string& text) { return text.size() <= 256 && forms::is_text(text); }

bool is_well_formed(const Kinds& kinds) {
  std::set<std::string> names;
  for (const auto& kind : kinds) {
    if (!forms::is_name(kind->name, 64) || !names.insert(kind->name).second ||
        !is_note(kind->description))
      return false;
    std::set<std::string> seen;
    for (const auto& action : kind->actions)
      if (!forms::is_name(action->name, 64) || !seen.insert(action->name).second ||
          !is_note(action->description) || !is_note(action->warning))
        return false;
    seen.clear();
    for (const auto& resource : kind->resources) {
      const auto path = forms::split(resource->path);
      if (!forms::is_path(resource->path) || path.size() < 2 || path.front() != kind->name ||
          !seen.insert(resource->path).second || !is_note(resource->description) ||
          !is_note(resource->warning) || (resource->open && resource->closed))
        return false;
    }
  }
  return true;
}

/// Whether an action, by way of others, implies itself.
bool goes_round(const facts::Kind& kind) {
  for (const auto& [name, action] : kind.actions) {
    std::set<std::string> reached(action.implies.begin(), action.implies.end());
    for (std::size_t before = 0; before != reached.size();) {
      before = reached.size();
      for (const std::string& one : std::set(reached))
        if (kind.actions.contains(one))
          for (const std::string& next : kind.actions.at(one).implies) reached.insert(next);
    }
    if (reached.contains(name)) return true;
  }
  return false;
}

bool is_open_below(const facts::Kind& kind, std::string path) {
  for (; path.find('/') != std::string::npos; path.erase(path.rfind('/')))
    if (const auto found = kind.resources.find(path); found != kind.resources.end())
      return found->second.open || (kind.open && !found->second.closed);
  return kind.open;
}

/// Of what the command leaves unsaid: as it was, or as what lies above.
facts::Catalogue with(const facts::Catalogue& known, const Kinds& kinds, bool replace) {
  facts::Catalogue made = known;
  facts::define(made, kinds, replace);
  for (const auto& told : kinds) {
    facts::Kind& kind = made[told->name];
    // A path comes behind those above it.
    for (auto& [path, resource] : kind.resources) {
      const auto same = [&](const auto& one) { return one->path == path; };
      if (resource.open || resource.closed || std::ranges::none_of(told->resources, same)) continue;
      const auto before = known.find(told->name);
      const bool was_there = before != known.end() && before->second.resources.contains(path);
      resource.open = was_there ? is_open_below(before->second, path)
                                : is_open_below(kind, path.substr(0, path.rfind('/')));
      resource.closed = !resource.open;
    }
  }
  return made;
}

bool same_terms(const schema::ConditionsT& left, const schema::ConditionsT& right) {
  const auto entries = [](const schema::ConditionsT& conditions) {
    return conditions.networks ? conditions.networks->entries : std::vector<std::string>();
  };
  return left.not_before_ns == right.not_before_ns && left.not_after_ns == right.not_after_ns &&
         left.secure_transport == right.secure_transport && entries(left) == entries(right);
}

template <class Body>
void check_form(const Body& body, Oracle::Codes& refusals) {
  if (body.effect != schema::Effect::allow && body.effect != schema::Effect::deny)
    refusals.push_back(Code::field_malformed);
  if (body.action != "*" && !forms::is_name(body.action, 64))
    refusals.push_back(Code::field_malformed);
  if (!forms::is_pattern(body.resource)) refusals.push_back(Code::resource_malformed);
}

/// Adding the same to a user or a role.
template <class Body>
void check_addition(const std::vector<facts::Grant>& held, const facts::Tenant& tenant,
                    const Body& body, Oracle::Codes& refusals) {
  check_form(body, refusals);
  schema::ConditionsT conditions;
  if (body.conditions != nullptr) conditions = *body.conditions;
  if (!forms::are_networks(conditions.networks.get()) ||
      forms::is_empty_list(conditions.networks.get()))
    refusals.push_back(Code::field_malformed);
  if (conditions.not_before_ns && conditions.not_after_ns &&
      *conditions.not_before_ns >= *conditions.not_after_ns)
    refusals.push_back(Code::field_malformed);
  if (!refusals.empty()) return;
  if (!facts::known_to(tenant.catalogue, body.resource, body.action))
    return refusals.push_back(Code::unknown_resource);
  for (const facts::Grant& grant : held)
    if (grant.denies == (body.effect == schema::Effect::deny) && grant.action == body.action &&
        grant.resource == body.resource && same_terms(grant.conditions, conditions))
      return refusals.push_back(Code::grant_exists);
}

template <class Body>
void check_removal(const std::vector<facts::Grant>& held, const Body& body,
                   Oracle::Codes& refusals) {
  check_form(body, refusals);
  if (!refusals.empty()) return;
  const auto fits = [&](const facts::Grant& grant) {
    return grant.denies == (body.effect == schema::Effect::deny) && grant.action == body.action &&
           grant.resource == body.resource &&
           (body.grant == nullptr ||
            (grant.seq == body.grant->seq && grant.index == body.grant->index));
  };
  const auto count = std::ranges::count_if(held, fits);
  if (count == 0) refusals.push_back(Code::grant_unknown);
  if (count > 1) refusals.push_back(Code::grant_ambiguous);
}

void cause(Oracle::Opinion& told, EventBody kind) {
  if (told.refusals.empty()) told.events.push_back(kind);
}

}  // namespace

// ---- catalogue

void Oracle::check_definition(const facts::Catalogue& known, const Kinds& kinds, bool replace,
                              Opinion& told) {
  const auto refuse = [&](Code code) { told.refusals.push_back(code); };
  if (!is_well_formed(kinds)) return refuse(Code::field_malformed);
  const facts::Catalogue made = with(known, kinds, replace);
  for (const auto& [name, kind] : made) {
    if (kind.actions.empty() && !known.contains(name)) refuse(Code::field_missing);
    std::size_t implications = 0;
    for (const auto& [action_name, action] : kind.actions) {
      implications += action.implies.size();
      for (const std::string& implied : action.implies)
        if (!kind.actions.contains(implied)) refuse(Code::unknown_resource);
    }
    if (kind.actions.size() > 64 || implications > 256) refuse(Code::too_large);
    if (goes_round(kind)) refuse(Code::field_malformed);
  }
}

void Oracle::define_catalogue(const Asked& asked, const schema::DefineCatalogueT& body,
                              Opinion& told) const {
  const facts::Tenant* tenant = tenant_of(asked, told);
  if (tenant == nullptr) return;
  if (body.kinds.empty()) return told.refusals.push_back(Code::field_missing);
  check_definition(tenant->catalogue, body.kinds, body.replace, told);
  if (told.refusals.empty() &&
      with(tenant->catalogue, body.kinds, body.replace) == tenant->catalogue)
    told.refusals.push_back(Code::unchanged);
  cause(told, EventBody::CatalogueDefined);
}

void Oracle::retire_catalogue(const Asked& asked, const schema::RetireCatalogueT& body,
                              Opinion& told) const {
  const facts::Tenant* tenant = tenant_of(asked, told);
  if (tenant == nullptr) return;
  const auto refuse_if = [&](bool wrong) {
    if (wrong) told.refusals.push_back(Code::unknown_resource);
  };
  if (body.kinds.empty() && body.actions.empty() && body.resources.empty())
    return told.refusals.push_back(Code::field_missing);
  const facts::Catalogue& known = tenant->catalogue;
  for (const std::string& name : body.kinds) refuse_if(!known.contains(name));
  for (const auto& name : body.actions)
    refuse_if(!known.contains(name->kind) || !known.at(name->kind).actions.contains(name->action));
  for (const std::string& path : body.resources) {
    const auto gone = forms::split(path);
    const auto kind = known.find(gone.front());
    refuse_if(kind == known.end() ||
              std::ranges::none_of(kind->second.resources, [&](const auto& resource) {
                return forms::begins_with(forms::split(resource.first), gone);
              }));
  }
  cause(told, EventBody::CatalogueRetired);
}

// ---- grants

void Oracle::add_grant(const Asked& asked, const schema::AddGrantT& body, Opinion& told) const {
  const facts::User* user = living_user_of(asked, told);
  if (user == nullptr) return;
  check_addition(user->grants, tenants_.at(user->tenant), body, told.refusals);
  cause(told, EventBody::GrantAdded);
}

void Oracle::remove_grant(const Asked& asked, const schema::RemoveGrantT& body,
                          Opinion& told) const {
  const facts::User* user = living_user_of(asked, told);
  if (user == nullptr) return;
  check_removal(user->grants, body, told.refusals);
  cause(told, EventBody::GrantRemoved);
}

// ---- roles

const facts::Role* Oracle::role_named(const std::string& tenant, const std::string& name) const {
  for (const auto& [id, role] : roles_)
    if (role.tenant == tenant && role.name == name) return &role;
  return nullptr;
}

const facts::Role* Oracle::role_of(const Asked& asked, const std::string& name,
                                   Opinion& told) const {
  const facts::Role* role = role_named(*tenant_id(asked.message.tenant), name);
  if (role == nullptr)
    told.refusals.push_back(name.empty() ? Code::field_missing : Code::role_unknown);
  return role;
}

std::vector<std::string> Oracle::held_by(const std::string& role) const {
  std::vector<std::string> held = {role};
  for (std::size_t place = 0; place < held.size(); ++place)
    for (const std::string& inner : roles_.at(held[place]).inner)
      if (std::ranges::count(held, inner) == 0) held.push_back(inner);
  return held;
}

std::size_t Oracle::depth_below(const std::string& role) const {
  std::size_t deepest = 0;
  for (const std::string& inner : roles_.at(role).inner)
    deepest = std::max(deepest, depth_below(inner));
  return deepest + 1;
}

std::size_t Oracle::depth_above(const std::string& role) const {
  std::size_t deepest = 0;
  for (const auto& [id, other] : roles_)
    if (std::ranges::count(other.inner, role) > 0) deepest = std::max(deepest, depth_above(id));
  return deepest + 1;
}

void Oracle::create_role(const Asked& asked, const schema::CreateRoleT& body, Opinion& told) const {
  if (tenant_of(asked, told) == nullptr) return;
  if (!forms::is_name(body.name, 63)) told.refusals.push_back(Code::field_malformed);
  if (role_named(*tenant_id(asked.message.tenant), body.name) != nullptr)
    told.refusals.push_back(Code::role_exists);
  if (!is_note(body.description)) told.refusals.push_back(Code::field_malformed);
  cause(told, EventBody::RoleCreated);
}

void Oracle::delete_role(const Asked& asked, const schema::DeleteRoleT& body, Opinion& told) const {
  if (tenant_of(asked, told) == nullptr) return;
  const facts::Role* role = role_of(asked, body.name, told);
  if (role == nullptr) return;
  const auto holds = [&](const std::vector<std::string>& held) {
    return std::ranges::count(held, role->id) > 0;
  };
  bool in_use = false;
  for (const auto& [id, user] : users_)
    if (user.status != schema::UserStatus::deleted && holds(user.roles)) in_use = true;
  for (const auto& [id, other] : roles_)
    if (holds(other.inner)) in_use = true;
  if (in_use) told.refusals.push_back(Code::role_in_use);
  cause(told, EventBody::RoleDeleted);
}

void Oracle::add_role_grant(const Asked& asked, const schema::AddRoleGrantT& body,
                            Opinion& told) const {
  const facts::Tenant* tenant = tenant_of(asked, told);
  if (tenant == nullptr) return;
  const facts::Role* role = role_of(asked, body.role, told);
  if (role == nullptr) return;
  check_addition(role->grants, *tenant, body, told.refusals);
  cause(told, EventBody::RoleGrantAdded);
}

void Oracle::remove_role_grant(const Asked& asked, const schema::RemoveRoleGrantT& body,
                               Opinion& told) const {
  if (tenant_of(asked, told) == nullptr) return;
  const facts::Role* role = role_of(asked, body.role, told);
  if (role == nullptr) return;
  check_removal(role->grants, body, told.refusals);
  cause(told, EventBody::RoleGrantRemoved);
}

void Oracle::nest_role(const Asked& asked, const schema::NestRoleT& body, Opinion& told) const {
  if (tenant_of(asked, told) == nullptr) return;
  const facts::Role* outer = role_of(asked, body.role, told);
  const facts::Role* inner = role_of(asked, body.inner, told);
  if (outer == nullptr || inner == nullptr) return;
  const auto refuse = [&](Code code) { told.refusals.push_back(code); };
  if (std::ranges::count(outer->inner, inner->id) > 0) return refuse(Code::role_already_held);
  if (std::ranges::count(held_by(inner->id), outer->id) > 0) return refuse(Code::role_cycle);
  // Of a chain of roles, each but the last nests another.
  if (depth_above(outer->id) + depth_below(inner->id) - 1 > depth_max)
    return refuse(Code::role_too_deep);
  cause(told, EventBody::RoleNested);
}

void Oracle::unnest_role(const Asked& asked, const schema::UnnestRoleT& body, Opinion& told) const {
  if (tenant_of(asked, told) == nullptr) return;
  const facts::Role* outer = role_of(asked, body.role, told);
  const facts::Role* inner = role_of(asked, body.inner, told);
  if (outer == nullptr || inner == nullptr) return;
  if (std::ranges::count(outer->inner, inner->id) == 0)
    told.refusals.push_back(Code::role_not_held);
  cause(told, EventBody::RoleUnnested);
}

void Oracle::assign_role(const Asked& asked, const schema::AssignRoleT& body, Opinion& told) const {
  const facts::User* user = living_user_of(asked, told);
  if (user == nullptr) return;
  const facts::Role* role = role_of(asked, body.role, told);
  if (role == nullptr) return;
  if (std::ranges::count(user->roles, role->id) > 0)
    told.refusals.push_back(Code::role_already_held);
  cause(told, EventBody::RoleAssigned);
}

void Oracle::unassign_role(const Asked& asked, const schema::UnassignRoleT& body,
                           Opinion& told) const {
  const facts::User* user = living_user_of(asked, told);
  if (user == nullptr) return;
  const facts::Role* role = role_of(asked, body.role, told);
  if (role == nullptr) return;
  if (std::ranges::count(user->roles, role->id) == 0) told.refusals.push_back(Code::role_not_held);
  cause(told, EventBody::RoleUnassigned);
}

}  // namespace postern::support
