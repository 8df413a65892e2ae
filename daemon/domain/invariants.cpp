#include "daemon/domain/invariants.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "daemon/domain/access.h"
#include "daemon/domain/roles.h"

namespace postern::domain {

namespace {

/// Sentences: what is wrong, and of whom.
class Problems {
 public:
  void unless(bool holds, std::string_view what, const std::string& whom) {
    if (!holds) found_.push_back(std::string(what) + ": " + whom);
  }
  void append(std::vector<std::string> more) {
    std::ranges::move(more, std::back_inserter(found_));
  }
  std::vector<std::string> take() { return std::move(found_); }

 private:
  std::vector<std::string> found_;
};

std::string whom(const Tenant& tenant) { return "tenant " + tenant.alias; }
std::string whom(const User& user) { return "user " + user.username; }
std::string whom(const Operator& entry) { return "operator " + entry.name; }
std::string whom(const NamedRole& role) { return "role " + role.name; }

/// Each before the next.
template <class Entries, class Key, class Before>
bool ascending(const Entries& entries, Key key_of, Before before) {
  return std::ranges::adjacent_find(entries, [&](const auto& left, const auto& right) {
           return !before(std::invoke(key_of, left), std::invoke(key_of, right));
         }) == entries.end();
}

template <class Entries, class Key>
bool all_differ(const Entries& entries, Key key_of) {
  std::vector<std::decay_t<decltype(std::invoke(key_of, *entries.begin()))>> keys;
  for (const auto& entry : entries) keys.push_back(std::invoke(key_of, entry));
  const auto before = [](const auto& left, const auto& right) {
    if constexpr (std::is_same_v<std::decay_t<decltype(left)>, Uuid>)
      return less(left, right);
    else
      return left < right;
  };
  std::ranges::sort(keys, before);
  return ascending(keys, std::identity(), before);
}

// ---- indexes, counts, orders

void check_grants(const State& state, const Grants* grants, const std::string& holder,
                  Problems& problems) {
  problems.unless(grants != nullptr, "there is no list of grants", holder);
  if (grants == nullptr) return;
  const GrantSequence<Grant> sorted = grants->sorted();
  problems.unless(ascending(sorted, std::identity(), precedes), "grants are out of order", holder);
  const auto first =
      std::ranges::find_if(sorted, [](const Grant& grant) { return grant.wildcard; });
  problems.unless(first == sorted.nth(grants->plain_count()), "the plain grants do not end there",
                  holder);
  problems.unless(grants->has_true_marks(), "the marks are of other grants", holder);
  problems.unless(grants->size() == 0 || grants->rights() == &state.rights(),
                  "its grants are of another state's rights", holder);
  const auto name_of = [](const ConditionsOfGrant& one) { return std::pair(one.seq, one.index); };
  problems.unless(ascending(grants->conditions(), name_of, std::less()),
                  "conditions are out of order", holder);
  std::size_t conditional = 0;
  for (const Grant& grant : sorted) {
    conditional += grant.conditional;
    problems.unless(state.has_text(grant.resource) && state.has_text(grant.action),
                    "a grant's text is not the state's", holder);
    problems.unless(grant.wildcard == (grant.resource->find('*') != std::string::npos),
                    "a grant is taken for plain, or not", holder);
    problems.unless(!grant.conditional || conditions_of(*grants, grant) != nullptr,
                    "a grant's conditions are not found", holder);
  }
  problems.unless(conditional == grants->conditions().size(), "conditions are of no grant", holder);
}

void check_roles(const State& state, const Tenant& tenant, Problems& problems) {
  if (tenant.roles == nullptr) return;
  const auto& [by_id, by_name] = *tenant.roles;
  const auto id_of = [](const auto& role) { return role->id; };
  const auto name_of = [](const auto& role) -> const std::string& { return role->name; };
  problems.unless(ascending(by_id, id_of, less), "roles are out of order", whom(tenant));
  problems.unless(std::ranges::is_sorted(by_name, {}, name_of), "roles' names are out of order",
                  whom(tenant));
  problems.unless(by_id.size() == by_name.size(), "a role has no name, or two", whom(tenant));
  for (const auto& role : by_id) {
    const auto named = std::ranges::find(by_name, role);
    problems.unless(named != by_name.end(), "it is not found by its name", whom(*role));
    check_grants(state, role->grants.get(), whom(*role) + " of " + whom(tenant), problems);
  }
}

void check_tenant_index(const State& state, const Tenant& tenant, Problems& problems) {
  const auto& tables = state.tables();
  problems.unless(tables.find_tenant(tenant.id) == &tenant, "it is not found by its id",
                  whom(tenant));
  problems.unless(tables.find_tenant(tenant.alias) == &tenant, "it is not found by its alias",
                  whom(tenant));
  problems.unless(tenant.catalogue != nullptr, "it has no catalogue", whom(tenant));
  if (tenant.catalogue != nullptr)
    for (const CatalogueKind& kind : *tenant.catalogue)
      problems.unless(ascending(kind.resources, &CatalogueResource::path, std::less()),
                      "resources of " + kind.name + " are out of order", whom(tenant));
  check_roles(state, tenant, problems);
}

void check_user_index(const State& state, const User& user, Problems& problems) {
  const auto& tables = state.tables();
  const bool deleted = user.status == schema::UserStatus::deleted;
  problems.unless(tables.find_user(user.id) == &user, "it is not found by its id", whom(user));
  problems.unless((tables.find_user(user.tenant, user.username) == &user) != deleted,
                  deleted ? "it is deleted, and has its name" : "it is not found by its name",
                  whom(user));
  check_grants(state, user.grants.get(), whom(user), problems);
}

/// Gives how many identities it has.
std::size_t check_operator_index(const State& state, const Operator& entry, Problems& problems) {
  const auto& tables = state.tables();
  problems.unless(tables.find_operator(entry.id) == &entry, "it is not found by its id",
                  whom(entry));
  problems.unless(tables.find_operator(entry.name) == &entry, "it is not found by its name",
                  whom(entry));
  problems.unless(std::ranges::is_sorted(entry.tenants, less), "its scope is out of order",
                  whom(entry));
  const auto identities = identities_of(entry);
  for (const std::string& identity : identities)
    problems.unless(tables.find_identity(identity) == &entry, "it is not found by what it sends",
                    whom(entry));
  return identities.size();
}

/// Of living users, as the state counts them.
void check_role_counts(const State& state, Problems& problems) {
  boost::unordered_flat_map<Uuid, std::size_t, UuidHash> held;
  state.tables().for_each_user([&](const User& user) {
    if (user.status == schema::UserStatus::deleted) return;
    for (const RoleHeld& role : extras_of(user).roles) ++held[role.role];
  });
  problems.unless(held.size() == state.held_role_count(), "roles are counted that nobody holds",
                  "the state");
  for (const auto& [role, count] : held)
    problems.unless(state.role_holder_count(role) == count, "holders of a role are not so many",
                    "the state");
}

// ---- references, seqs, what was erased

void check_seqs(const State& state, std::initializer_list<Seq> seqs, const std::string& whom,
                Problems& problems) {
  problems.unless(std::ranges::max(seqs) <= state.seq(), "a seq lies beyond the state's", whom);
}

void check_tenant_rules(const State& state, const Tenant& tenant, Problems& problems) {
  check_seqs(state,
             {tenant.created_seq, tenant.status_seq, tenant.disabled_seq, tenant.policies_seq,
              tenant.changed_seq, tenant.session_epoch, state.tenant_head(tenant.id)},
             whom(tenant), problems);
  problems.unless(tenant.created_seq <= tenant.changed_seq &&
                      std::max({tenant.status_seq, tenant.policies_seq, tenant.session_epoch}) <=
                          tenant.changed_seq,
                  "it was changed before it was made, or after its newest change", whom(tenant));
  problems.unless(state.tenant_head(tenant.id) >= tenant.created_seq,
                  "its newest record is older than it", whom(tenant));
  const auto* entries =
      tenant.policies.networks == nullptr ? nullptr : &tenant.policies.networks->entries;
  problems.unless((entries == nullptr) == (tenant.networks == nullptr) &&
                      (entries == nullptr || *entries == tenant.networks->entries),
                  "its networks are not those of its policies", whom(tenant));
  if (tenant.roles == nullptr) return;
  problems.unless(!has_ring(*tenant.roles), "a role lies within itself", whom(tenant));
  problems.unless(all_differ(tenant.roles->by_name, [](const auto& role) { return role->name; }),
                  "two roles have one name", whom(tenant));
  for (const auto& role : tenant.roles->by_id) {
    check_seqs(state, {role->created_seq}, whom(*role), problems);
    for (const Grant& grant : role->grants->sorted())
      check_seqs(state, {grant.seq}, whom(*role), problems);
    for (const Uuid& inner : role->inner)
      problems.unless(find_role(tenant, inner) != nullptr, "it holds a role that is not there",
                      whom(*role));
  }
}

void check_extras(const State& state, const Tenant& tenant, const User& user, Problems& problems) {
  const UserExtras& extras = extras_of(user);
  check_seqs(state, {extras.settings_seq, extras.erased_seq}, whom(user), problems);
  problems.unless(all_differ(extras.keys, &ApiKey::id), "two keys have one id", whom(user));
  problems.unless(all_differ(extras.keys, &ApiKey::name), "two keys have one name", whom(user));
  for (const ApiKey& key : extras.keys) check_seqs(state, {key.created_seq}, whom(user), problems);
  problems.unless(all_differ(extras.roles, &RoleHeld::role), "it holds a role twice", whom(user));
  for (const RoleHeld& held : extras.roles) {
    check_seqs(state, {held.seq}, whom(user), problems);
    const bool deleted = user.status == schema::UserStatus::deleted;
    problems.unless(deleted || find_role(tenant, held.role) != nullptr,
                    "it holds a role that is not there", whom(user));
  }
}

void check_user_rules(const State& state, const User& user, Problems& problems) {
  const std::string name = whom(user);
  const UserMarks marks = marks_of(user);
  check_seqs(state,
             {user.created_seq, marks.status_seq, marks.api_access_seq, user.password_seq,
              marks.tenant_lock_cleared_seq, extras_of(user).passwords_lock_seq,
              extras_of(user).operator_lock_seq, user.last_seq, user.changed_seq,
              extras_of(user).session_epoch},
             name, problems);
  problems.unless(user.created_seq <= user.changed_seq && user.changed_seq <= user.last_seq,
                  "it was changed before it was made, or after its newest event", name);
  problems.unless((user.password_seq != 0) == (user.sealed_password != nullptr),
                  "it has a password that nothing set, or none that was set", name);
  problems.unless(
      !is_erased(user) || (user.sealed_profile == nullptr && user.sealed_password == nullptr &&
                           extras_of(user).sealed_old_password == nullptr),
      "it is erased, and something sealed is left", name);
  for (const Grant& grant : user.grants->sorted()) check_seqs(state, {grant.seq}, name, problems);
  const Tenant* tenant = state.tables().find_tenant(user.tenant);
  problems.unless(tenant != nullptr, "its tenant is not there", name);
  if (tenant != nullptr) check_extras(state, *tenant, user, problems);
}

void check_operator_rules(const State& state, const Operator& entry, Problems& problems) {
  check_seqs(state, {entry.added_seq, entry.changed_seq}, whom(entry), problems);
  problems.unless(entry.added_seq <= entry.changed_seq, "it was changed before it was added",
                  whom(entry));
  for (const Uuid& tenant : entry.tenants)
    problems.unless(state.tables().find_tenant(tenant) != nullptr,
                    "a tenant of its scope is not there", whom(entry));
}

void check_others(const State& state, Problems& problems) {
  for (std::size_t place = 0; place < provider_count; ++place) {
    const auto& ranges = state.tables().providers()[place];
    if (ranges == nullptr) continue;
    const std::string name = "provider " + std::to_string(place);
    problems.unless(static_cast<std::size_t>(ranges->provider) == place, "its ranges are another's",
                    name);
    check_seqs(state, {ranges->imported_seq}, name, problems);
    problems.unless(ranges->imported_ns <= state.time_ns(), "its ranges are of a time to come",
                    name);
    problems.unless(ranges->v4.size() % 2 == 0 && std::ranges::is_sorted(ranges->v4) &&
                        ranges->v6.size() % 4 == 0,
                    "its ranges are out of order", name);
  }
  if (const auto& copies = state.tables().copies())
    problems.unless(
        ascending(copies->restorations, &Restoration::seq, std::less()) &&
            (copies->restorations.empty() || copies->restorations.back().seq <= state.seq()),
        "restorations are out of order", "the state");
  for (const TenantHead& head : state.place().tenant_heads)
    problems.unless(head.seq <= state.seq() && state.tables().find_tenant(head.tenant) != nullptr,
                    "the newest record of a tenant is not there", "the state");
}

}  // namespace

std::vector<std::string> check_indexes(const State& state) {
  Problems problems;
  const auto& tables = state.tables();
  std::size_t live = 0;
  std::size_t owners = 0;
  std::size_t identities = 0;
  tables.for_each_tenant(
      [&](const Tenant& tenant) { check_tenant_index(state, tenant, problems); });
  tables.for_each_user([&](const User& user) {
    live += user.status != schema::UserStatus::deleted;
    check_user_index(state, user, problems);
  });
  tables.for_each_operator([&](const Operator& entry) {
    owners += is_owner_of_all(entry);
    identities += check_operator_index(state, entry, problems);
  });
  check_role_counts(state, problems);
  const auto sizes = tables.index_sizes();
  problems.unless(sizes.aliases == tables.tenant_count(), "an alias is of no tenant", "the state");
  problems.unless(tables.live_user_count() == live, "living users are not so many", "the state");
  problems.unless(sizes.operator_names == tables.operator_count(), "a name is of no operator",
                  "the state");
  problems.unless(sizes.identities == identities, "an identity is of no operator", "the state");
  problems.unless(state.owner_count() == owners, "owners are not so many", "the state");
  return problems.take();
}

std::vector<std::string> check_invariants(const State& state) {
  Problems problems;
  problems.append(check_indexes(state));
  const auto& tables = state.tables();
  tables.for_each_tenant(
      [&](const Tenant& tenant) { check_tenant_rules(state, tenant, problems); });
  tables.for_each_user([&](const User& user) { check_user_rules(state, user, problems); });
  tables.for_each_operator(
      [&](const Operator& entry) { check_operator_rules(state, entry, problems); });
  check_others(state, problems);
  return problems.take();
}

}  // namespace postern::domain
