// What the oracle makes of events.
#include "tests/support/oracle.h"

#include <algorithm>

#include "tests/support/oracle_forms.h"

namespace postern::support {

using forms::text_of;
using schema::EventBody;

namespace {

/// S2: none of the sessions made before this lives on.
void end_all(const Oracle::Place& place, facts::User& user) {
  user.sessions_dead_seq = place.seq;
  user.ended.clear();
}

template <class Added>
facts::Grant grant_of(const Oracle::Place& place, const Added& added) {
  facts::Grant grant{place.seq,    place.index,    added.effect == schema::Effect::deny,
                     added.action, added.resource, {}};
  if (added.conditions != nullptr) grant.conditions = *added.conditions;
  return grant;
}

void take_out(std::vector<facts::Grant>& grants, const schema::GrantReferenceT& named) {
  std::erase_if(grants, [&](const facts::Grant& grant) {
    return grant.seq == named.seq && grant.index == named.index;
  });
}

void retire(facts::Catalogue& catalogue, const schema::CatalogueRetiredT& retired) {
  for (const std::string& name : retired.kinds) catalogue.erase(name);
  for (const auto& name : retired.actions) {
    if (!catalogue.contains(name->kind)) continue;
    facts::Kind& kind = catalogue[name->kind];
    kind.actions.erase(name->action);
    for (auto& [other, action] : kind.actions) std::erase(action.implies, name->action);
  }
  for (const std::string& path : retired.resources) {
    const std::vector<std::string> gone = forms::split(path);
    if (!catalogue.contains(gone.front())) continue;
    std::erase_if(catalogue[gone.front()].resources, [&](const auto& resource) {
      return forms::begins_with(forms::split(resource.first), gone);
    });
  }
}

schema::PersonalT opened(const std::vector<std::uint8_t>& bytes) {
  schema::PersonalT personal;
  if (!bytes.empty()) flatbuffers::GetRoot<schema::Personal>(bytes.data())->UnPackTo(&personal);
  if (personal.profile == nullptr) personal.profile = std::make_unique<schema::ProfileT>();
  return personal;
}

facts::Operator operator_of(std::string name, schema::Role role,
                            const schema::OperatorStandingT& standing) {
  facts::Operator made{std::move(name), role, {}, standing.all_tenants, {}};
  for (const auto& tenant : standing.tenant_ids) made.tenants.push_back(text_of(*tenant->id));
  for (const auto& key : standing.keys)
    made.identities.emplace_back(key->bytes.begin(), key->bytes.end());
  if (standing.uid) made.identities.push_back("uid " + std::to_string(*standing.uid));
  return made;
}

}  // namespace

void facts::define(Catalogue& catalogue,
                   const std::vector<std::unique_ptr<schema::CatalogueKindT>>& kinds,
                   bool replace) {
  for (const auto& told : kinds) {
    const bool is_new = !catalogue.contains(told->name);
    Kind& kind = catalogue[told->name];
    if (is_new || replace) {
      kind.open = told->open;
      kind.description = told->description;
    }
    for (const auto& action : told->actions)
      kind.actions[action->name] = {action->description, action->warning, action->implies};
    for (const auto& resource : told->resources)
      kind.resources[resource->path] = {resource->description, resource->warning, resource->open,
                                        resource->closed};
  }
}

void Oracle::attempt() { before_ = Before{{}, tenants_, roles_, operators_, ranges_}; }

void Oracle::take_back() {
  for (auto& [id, user] : before_->users) {
    if (user)
      users_[id] = std::move(*user);
    else
      users_.erase(id);
  }
  tenants_ = std::move(before_->tenants);
  roles_ = std::move(before_->roles);
  operators_ = std::move(before_->operators);
  ranges_ = std::move(before_->ranges);
  keep();
}

facts::User& Oracle::changing(const std::string& id) {
  if (before_ && !before_->users.contains(id)) {
    auto& saved = before_->users[id];
    if (users_.contains(id)) saved = users_.at(id);
  }
  return users_[id];
}

void Oracle::hear(const Place& place, const schema::EventT& event) {
  hear_of_tenant(place, event);
  hear_of_role(place, event);
  hear_of_operator(event);
  if (const auto* created = event.body.AsUserCreated()) {
    facts::User& user = changing(text_of(*created->user));
    user.id = text_of(*created->user);
    user.tenant = text_of(place.tenant);
    user.name = created->username;
    user.status = created->status;
    user.api_access = created->api_access;
    user.version = 1;
    user.password = created->sealed_password;
    if (!user.password.empty()) user.password_seq = place.seq;
    user.personal = opened(created->sealed_profile);
    if (created->settings != nullptr) user.settings = *created->settings;
  } else if (event.user != nullptr && users_.contains(text_of(*event.user))) {
    hear_of_user(place, event, changing(text_of(*event.user)));
  }
}

void Oracle::hear_of_tenant(const Place& place, const schema::EventT& event) {
  const auto each_user = [&](auto change) {
    for (const auto& [id, user] : users_)
      if (user.tenant == text_of(place.tenant)) change(changing(id));
  };
  if (const auto* created = event.body.AsTenantCreated()) {
    facts::Tenant& tenant = tenants_[text_of(*created->tenant)];
    tenant.alias = created->alias;
    tenant.display_name = created->display_name;
    if (created->policies != nullptr) tenant.policies = *created->policies;
    facts::define(tenant.catalogue, created->catalogue, true);
  }
  if (const auto* imported = event.body.AsRangesImported())
    ranges_[imported->provider] = {imported->v4, imported->v6, imported->source_time_ns,
                                   place.time_ns};
  if (!tenants_.contains(text_of(place.tenant))) return;
  facts::Tenant& tenant = tenants_[text_of(place.tenant)];
  if (event.body.AsTenantEnabled()) tenant.enabled = true;
  if (event.body.AsTenantDisabled()) {
    tenant.enabled = false;
    each_user([&](facts::User& user) {
      user.locked_by_tenant = true;
      user.sessions_dead_seq = place.seq;
    });
  }
  if (event.body.AsTenantSessionsEnded())
    each_user([&](facts::User& user) { user.sessions_dead_seq = place.seq; });
  if (const auto* changed = event.body.AsTenantChanged()) {
    tenant.display_name = changed->display_name;
    tenant.policies = *changed->policies;
  }
  if (const auto* defined = event.body.AsCatalogueDefined())
    facts::define(tenant.catalogue, defined->kinds, defined->replace);
  if (const auto* retired = event.body.AsCatalogueRetired()) retire(tenant.catalogue, *retired);
}

void Oracle::hear_of_user(const Place& place, const schema::EventT& event, facts::User& user) {
  if (place.role != schema::Role::daemon) ++user.version;
  const auto open_by_passwords = [&] { user.locked_by_passwords = false; };
  if (const auto* changed = event.body.AsUserStatusChanged()) {
    user.status = changed->to;
    if (changed->to != schema::UserStatus::active) end_all(place, user);
  } else if (const auto* locked = event.body.AsUserLocked()) {
    const bool by_passwords = locked->cause == schema::LockCause::passwords;
    if (by_passwords) user.locked_by_passwords_ns = place.time_ns;
    (by_passwords ? user.locked_by_passwords : user.locked_by_operator) = true;
    if (!by_passwords || !tenants_[user.tenant].policies.lock_closes_password_only)
      end_all(place, user);
  } else if (const auto* unlocked = event.body.AsUserUnlocked()) {
    for (const schema::LockCause cause : unlocked->causes)
      (cause == schema::LockCause::tenant ? user.locked_by_tenant : user.locked_by_operator) =
          false;
  } else if (const auto* access = event.body.AsApiAccessChanged()) {
    user.api_access = access->allowed;
    if (!access->allowed) end_all(place, user);
  } else if (const auto* reset = event.body.AsPasswordReset()) {
    user.password = reset->sealed_password;
    user.old_password.clear();
    user.password_seq = place.seq;
    user.failures = 0;
    user.locked_by_tenant = false;
    open_by_passwords();
    end_all(place, user);
  } else if (const auto* own = event.body.AsPasswordChanged()) {
    user.password = own->sealed_password;
    user.old_password.clear();
    user.password_seq = place.seq;
    user.failures = 0;
    open_by_passwords();
  } else if (const auto* rotated = event.body.AsPasswordRotated()) {
    user.old_password = user.password;
    user.old_password_until_ns = rotated->old_valid_until_ns;
    user.password = rotated->sealed_password;
    user.password_seq = place.seq;
  } else if (const auto* rehashed = event.body.AsPasswordRehashed()) {
    user.password = rehashed->sealed_password;
  } else if (event.body.AsPasswordFailed()) {
    // C6: a lock that opened by its time is over, and the count with it.
    user.failures = user.locked_by_passwords ? 1 : user.failures + 1;
    open_by_passwords();
  } else if (event.body.AsPasswordAccepted()) {
    user.failures = 0;
    open_by_passwords();
  } else if (const auto* added = event.body.AsGrantAdded()) {
    user.grants.push_back(grant_of(place, *added));
  } else if (const auto* removed = event.body.AsGrantRemoved()) {
    take_out(user.grants, *removed->grant);
  } else if (const auto* renamed = event.body.AsUserRenamed()) {
    user.name = renamed->to;
  } else if (const auto* profile = event.body.AsProfileChanged()) {
    user.personal = opened(profile->sealed_profile);
  } else if (event.body.AsUserErased()) {
    user.erased = true;
    user.personal = {};
    user.password.clear();
    user.old_password.clear();
  } else if (const auto* settings = event.body.AsUserSettingsChanged()) {
    user.settings = *settings->settings;
  } else if (const auto* key = event.body.AsKeyCreated()) {
    facts::Key made{text_of(*key->key), key->name, key->expires_ns, {}};
    for (const auto& part : key->narrowed_to) made.parts.emplace_back(part->action, part->resource);
    user.keys.push_back(made);
  } else if (const auto* revoked = event.body.AsKeyRevoked()) {
    std::erase_if(user.keys,
                  [&](const facts::Key& one) { return one.id == text_of(*revoked->key); });
  } else if (const auto* ended = event.body.AsSessionEnded()) {
    user.ended.emplace_back(text_of(*ended->session), ended->until_ns);
  } else if (event.body.AsSessionsEnded()) {
    end_all(place, user);
  } else if (const auto* assigned = event.body.AsRoleAssigned()) {
    user.roles.push_back(text_of(*assigned->role));
  } else if (const auto* unassigned = event.body.AsRoleUnassigned()) {
    std::erase(user.roles, text_of(*unassigned->role));
  }
}

void Oracle::hear_of_role(const Place& place, const schema::EventT& event) {
  if (const auto* created = event.body.AsRoleCreated())
    roles_[text_of(*created->role)] = {
        text_of(*created->role), text_of(place.tenant), created->name, {}, {}};
  if (const auto* deleted = event.body.AsRoleDeleted()) roles_.erase(text_of(*deleted->role));
  if (const auto* added = event.body.AsRoleGrantAdded())
    roles_[text_of(*added->role)].grants.push_back(grant_of(place, *added));
  if (const auto* removed = event.body.AsRoleGrantRemoved())
    take_out(roles_[text_of(*removed->role)].grants, *removed->grant);
  if (const auto* nested = event.body.AsRoleNested())
    roles_[text_of(*nested->role)].inner.push_back(text_of(*nested->inner));
  if (const auto* unnested = event.body.AsRoleUnnested())
    std::erase(roles_[text_of(*unnested->role)].inner, text_of(*unnested->inner));
}

void Oracle::hear_of_operator(const schema::EventT& event) {
  if (const auto* added = event.body.AsOperatorAdded())
    operators_[text_of(*added->operator_id)] =
        operator_of(added->name, added->role, *added->standing);
  if (const auto* changed = event.body.AsOperatorChanged()) {
    facts::Operator& entry = operators_[text_of(*changed->operator_id)];
    entry = operator_of(entry.name, changed->role, *changed->standing);
  }
  if (const auto* removed = event.body.AsOperatorRemoved())
    operators_.erase(text_of(*removed->operator_id));
}

}  // namespace postern::support
