#include "daemon/domain/replica_entries.h"

#include <algorithm>

#include "daemon/domain/roles.h"

namespace postern::domain {

namespace {

class ReplicaWriter : public CompactWriter {
 public:
  void right(const std::string* action, const std::string* resource) {
    text(*action);
    text(*resource);
  }
};

template <class Pass>
Bytes written(std::uint64_t tag, Pass pass) {
  ReplicaWriter out;
  out.number(tag);
  pass(out);
  return {out.written().begin(), out.written().end()};
}

/// Those that stops before a question ask for.
schema::PoliciesT policies_for_checks(const schema::PoliciesT& policies) {
  schema::PoliciesT made;
  made.lock_seconds = policies.lock_seconds;
  made.lock_closes_password_only = policies.lock_closes_password_only;
  made.user_networks_mandatory = policies.user_networks_mandatory;
  made.secure_transport_required = policies.secure_transport_required;
  return made;
}

/// Without what is told to people.
std::shared_ptr<const Catalogue> catalogue_for_checks(const Catalogue& catalogue) {
  auto made = std::make_shared<Catalogue>();
  made->reserve(catalogue.size());
  for (const CatalogueKind& kind : catalogue) {
    CatalogueKind& told = made->emplace_back();
    told.name = kind.name;
    told.open = kind.open;
    for (const CatalogueAction& action : kind.actions)
      told.actions.push_back({.name = action.name, .implies = action.implies});
    for (const CatalogueResource& resource : kind.resources)
      told.resources.push_back(
          {.path = resource.path, .open = resource.open, .closed = resource.closed});
  }
  return made;
}

/// What a user may use, and what ends it; never what opens it.
UserExtras extras_for_checks(const UserExtras& extras, bool is_active) {
  UserExtras made;
  made.erased_seq = extras.erased_seq;
  made.passwords_lock_seq = extras.passwords_lock_seq;
  made.passwords_lock_ns = extras.passwords_lock_ns;
  made.operator_lock_seq = extras.operator_lock_seq;
  made.session_epoch = extras.session_epoch;
  if (!is_active) return made;
  made.networks = extras.networks;
  made.skip_ip_check = extras.skip_ip_check;
  made.secure_transport_required = extras.secure_transport_required;
  made.api_logging = extras.api_logging;
  made.ended_sessions = extras.ended_sessions;
  made.roles = extras.roles;
  for (const ApiKey& key : extras.keys)
    made.keys.push_back({.id = key.id,
                         .name = {},
                         .expires_ns = key.expires_ns,
                         .narrowed_to = key.narrowed_to,
                         .created_seq = key.created_seq});
  return made;
}

}  // namespace

Bytes replica_entry(const Tenant& tenant) {
  Tenant told;
  told.id = tenant.id;
  told.alias = tenant.alias;
  told.policies = policies_for_checks(tenant.policies);
  told.catalogue = catalogue_for_checks(*tenant.catalogue);
  told.networks = tenant.networks;
  told.enabled = tenant.enabled;
  told.created_seq = tenant.created_seq;
  told.status_seq = tenant.status_seq;
  told.disabled_seq = tenant.disabled_seq;
  told.disabled_index = tenant.disabled_index;
  told.policies_seq = tenant.policies_seq;
  told.session_epoch = tenant.session_epoch;
  return written(tenant_tag, [&](ReplicaWriter& out) { pass_tenant(out, told); });
}

Bytes replica_entry(const Uuid& tenant, const Uuid& id, const NamedRole* role) {
  return written(role_tag, [&](ReplicaWriter& out) {
    out.id(tenant);
    out.number(role != nullptr);
    if (role == nullptr) return out.id(id);
    NamedRole told = *role;
    told.description.clear();
    pass_role(out, told);
  });
}

Bytes replica_entry(const User& user) {
  const bool is_active = user.status == schema::UserStatus::active;
  User told;
  told.id = user.id;
  told.tenant = user.tenant;
  told.username = user.username;
  told.status = user.status;
  told.api_access = user.api_access;
  told.tenant_lock_cleared_index = user.tenant_lock_cleared_index;
  told.created_seq = user.created_seq;
  told.marks = user.marks;
  told.password_seq = user.password_seq;
  told.grants = is_active ? user.grants : no_grants();
  const UserExtras extras = extras_for_checks(extras_of(user), is_active);
  return written(user_tag, [&](ReplicaWriter& out) { pass_user(out, told, extras); });
}

Bytes replica_entry(const Operator& entry) {
  Operator told;
  told.id = entry.id;
  told.role = entry.role;
  told.all_tenants = entry.all_tenants;
  told.tenants = entry.tenants;
  told.vouches = entry.vouches;
  return written(operator_tag, [&](ReplicaWriter& out) { pass_operator(out, told); });
}

Bytes replica_entry(const ProviderRanges& ranges) {
  ProviderRanges told;
  told.provider = ranges.provider;
  told.imported_seq = ranges.imported_seq;
  told.v4 = ranges.v4;
  told.v6 = ranges.v6;
  return written(ranges_tag, [&](ReplicaWriter& out) { pass_ranges(out, told); });
}

// ---- reading

class ReplicaReading::Reader : public EntryReader {
 public:
  Reader(std::span<const std::uint8_t> bytes, State& state)
      : EntryReader(bytes, state.rights()), state_(state) {}

  void right(const std::string*& action, const std::string*& resource) {
    action = state_.intern(view());
    resource = state_.intern(view());
  }
  /// Its bytes are those of the form, and no more.
  bool is_whole() {
    if (good() && !at_end()) fail("an entry is longer than it must be");
    return good();
  }

 private:
  State& state_;
};

std::expected<ReplicaReading::Took, std::string> ReplicaReading::take(
    std::span<const std::uint8_t> entry, Changes& changes) {
  if (!failure_.empty()) return std::unexpected(failure_);
  Reader in(entry, state_);
  Took took;
  std::uint64_t tag = 0;
  in.number(tag);
  if (tag == tenant_tag)
    take_tenant(in, changes);
  else if (tag == role_tag)
    take_role(in, changes);
  else if (tag == user_tag)
    take_user(in, changes);
  else if (tag == operator_tag)
    took.asker = take_operator(in, changes);
  else if (tag == ranges_tag)
    take_ranges(in, changes);
  else
    in.fail("an entry is of no known kind");
  if (in.good()) return took;
  failure_ = in.failure();
  return std::unexpected(failure_);
}

void ReplicaReading::take_tenant(Reader& in, Changes& changes) {
  auto tenant = make_counted<Tenant>();
  pass_tenant(in, *tenant);
  if (!in.is_whole()) return;
  if (const Tenant* before = state_.tables().find_tenant(tenant->id)) tenant->roles = before->roles;
  state_.replace(Owned<Tenant>(std::move(tenant)), changes);
}

void ReplicaReading::take_role(Reader& in, Changes& changes) {
  Uuid id;
  bool is_there = false;
  NamedRole role;
  in.id(id);
  in.number(is_there);
  if (is_there)
    pass_role(in, role);
  else
    in.id(role.id);
  const Tenant* before = state_.tables().find_tenant(id);
  if (before == nullptr) in.fail("a role is of no tenant");
  if (!in.is_whole()) return;
  auto tenant = make_counted<Tenant>(*before);
  const auto drop = [&](const NamedRole* gone) {
    if (gone != nullptr) tenant->roles = without_role(*tenant->roles, gone->id);
  };
  if (is_there) {
    // One that had the name is gone, as will be told.
    const NamedRole* namesake = find_role(*tenant, role.name);
    if (namesake != nullptr && namesake->id != role.id) drop(namesake);
    tenant->roles = with_role(tenant->roles.get(), std::move(role));
  } else {
    drop(find_role(*tenant, role.id));
  }
  state_.replace(Owned<Tenant>(std::move(tenant)), changes);
}

void ReplicaReading::take_user(Reader& in, Changes& changes) {
  auto user = make_counted<User>();
  read_user(in, *user);
  if (in.is_whole()) state_.replace(Owned<User>(std::move(user)), changes);
}

Uuid ReplicaReading::take_operator(Reader& in, Changes& changes) {
  auto entry = make_counted<Operator>();
  pass_operator(in, *entry);
  if (!std::ranges::is_sorted(entry->tenants, less)) in.fail("a scope is out of order");
  if (!in.is_whole()) return {};
  const Uuid id = entry->id;
  state_.replace(Owned<Operator>(std::move(entry)), changes);
  return id;
}

void ReplicaReading::take_ranges(Reader& in, Changes& changes) {
  auto ranges = make_counted<ProviderRanges>();
  pass_ranges(in, *ranges);
  if (ranges->provider == schema::Provider::none) in.fail("ranges are of no provider");
  if (ranges->v4.size() % 2 != 0 || ranges->v6.size() % 4 != 0) in.fail("a range has no end");
  if (in.is_whole()) state_.replace(Owned<ProviderRanges>(std::move(ranges)), changes);
}

}  // namespace postern::domain
