#include "daemon/domain/replica_entries.h"

#include "daemon/domain/access.h"
#include "daemon/domain/grammar.h"

namespace postern::domain {

namespace {

class ReplicaWriter : public CanonicalWriter {
 public:
  using CanonicalWriter::CanonicalWriter;
  void shared_text(const std::string* value) { text(*value); }
};

template <class Pass>
Bytes written(std::uint64_t tag, Pass pass) {
  Bytes bytes;
  const Sink sink = [&](std::span<const std::uint8_t> piece) {
    bytes.assign(piece.begin(), piece.end());
  };
  ReplicaWriter out(sink);
  out.number(tag);
  pass(out);
  out.flush();
  return bytes;
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
  told.status_seq = user.status_seq;
  told.api_access_seq = user.api_access_seq;
  told.password_seq = user.password_seq;
  told.tenant_lock_cleared_seq = user.tenant_lock_cleared_seq;
  told.passwords_lock_seq = user.passwords_lock_seq;
  told.passwords_lock_ns = user.passwords_lock_ns;
  told.operator_lock_seq = user.operator_lock_seq;
  told.session_epoch = user.session_epoch;
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

}  // namespace postern::domain
