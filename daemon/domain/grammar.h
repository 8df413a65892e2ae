// What every entry holds, said once: `Io` writes it in the canonical form (canonical.h), or writes
// and reads it in the compact one (compact.h). What is derived stands in no form; a reader makes it
// again.
// canonical := tenant* user* operator* ranges* copies?
//              each kind in id order, ranges by provider
// entry     := tag:number field*
#pragma once

#include "daemon/domain/access.h"
#include "daemon/domain/canonical.h"
#include "daemon/domain/entries.h"

namespace postern::domain {

inline constexpr std::uint64_t tenant_tag = 't';
inline constexpr std::uint64_t user_tag = 'u';
inline constexpr std::uint64_t operator_tag = 'o';
inline constexpr std::uint64_t ranges_tag = 'n';
inline constexpr std::uint64_t copies_tag = 'c';
/// Of a replica's entries alone: see replica_entries.h.
inline constexpr std::uint64_t role_tag = 'r';

/// An entry is changed by who reads it.
template <class Io, class Entry>
using Passed = std::conditional_t<Io::reads, Entry, const Entry>;

template <class Io, class Texts>
void pass_texts(Io& io, Texts& texts) {
  io.list(texts, [&](auto& text) { io.text(text); });
}

/// Null or not, and what it holds.
template <class Io>
void pass_networks(Io& io, Passed<Io, Networks>& networks) {
  bool is_there = networks != nullptr;
  io.number(is_there);
  if (!is_there) return;
  if constexpr (Io::reads) {
    std::vector<std::string> entries;
    pass_texts(io, entries);
    networks = io.compiled(entries);
  } else {
    pass_texts(io, networks->entries);
  }
}

/// None and empty are one.
template <class Io>
void pass_sealed(Io& io, Passed<Io, Sealed>& sealed) {
  if constexpr (Io::reads) {
    sealed = SealedBytes::of(io.byte_view());
  } else {
    io.bytes(sealed ? std::span(*sealed) : std::span<const std::uint8_t>());
  }
}

/// A list whose copies share it.
template <class Io, class T, class Each>
void pass_shared(Io& io, Shared<T>& list, Each each) {
  std::vector<T> found;
  io.list(found, each);
  list = std::move(found);
}
template <class Io, class T, class Each>
void pass_shared(Io& io, const Shared<T>& list, Each each) {
  io.list(list, each);
}

// ---- grants and roles

template <class Io>
void pass_conditions(Io& io, Passed<Io, Conditions>& conditions) {
  io.optional(conditions.not_before_ns);
  io.optional(conditions.not_after_ns);
  io.number(conditions.secure_transport);
  pass_networks(io, conditions.networks);
}

template <class Io>
void pass_grant(Io& io, std::conditional_t<Io::reads, LooseGrants, const Grants>& grants,
                Passed<Io, Grant>& grant) {
  if constexpr (Io::reads) {
    bool deny = false;
    bool conditional = false;
    ConditionsOfGrant held;
    io.number(held.seq);
    io.number(held.index);
    io.number(deny);
    io.number(conditional);
    grant.seq = held.seq & ((std::uint64_t{1} << 51) - 1);
    grant.index = held.index & 1023U;
    if (grant.seq != held.seq || grant.index != held.index) io.fail("a grant's name is too large");
    grant.deny = deny;
    grant.conditional = conditional;
    if (conditional) {
      pass_conditions(io, held.conditions);
      grants.conditions.push_back(std::move(held));
    }
  } else {
    io.number(std::uint64_t{grant.seq});
    io.number(std::uint64_t{grant.index});
    io.number(std::uint64_t{grant.deny});
    io.number(std::uint64_t{grant.conditional});
    if (const Conditions* conditions = conditions_of(grants, grant))
      pass_conditions(io, *conditions);
  }
  io.right(grant.action, grant.resource);
}

/// What is written for snapshots alone has a form of its own for a list.
template <class Io>
void pass_grants(Io& io, Passed<Io, SharedGrants>& grants) {
  if constexpr (requires { io.grants(grants); }) {
    io.grants(grants);
  } else if constexpr (Io::reads) {
    LooseGrants found;
    io.list(found.sorted, [&](Grant& grant) { pass_grant(io, found, grant); });
    grants = io.compiled(std::move(found));
  } else {
    io.list(grants->sorted(), [&](const Grant& grant) { pass_grant(io, *grants, grant); });
  }
}

template <class Io>
void pass_role(Io& io, Passed<Io, NamedRole>& role) {
  io.id(role.id);
  io.text(role.name);
  io.text(role.description);
  io.number(role.created_seq);
  pass_grants(io, role.grants);
  io.list(role.inner, [&](auto& inner) { io.id(inner); });
}

template <class Io>
void pass_roles(Io& io, Passed<Io, std::shared_ptr<const NamedRoles>>& roles) {
  bool is_there = roles != nullptr;
  io.number(is_there);
  if (!is_there) return;
  if constexpr (Io::reads) {
    std::vector<NamedRole> found;
    io.list(found, [&](NamedRole& role) { pass_role(io, role); });
    roles = io.compiled(std::move(found));
  } else {
    io.list(roles->by_id, [&](const auto& role) { pass_role(io, *role); });
  }
}

// ---- tenants

template <class Io>
void pass_policies(Io& io, Passed<Io, schema::PoliciesT>& policies) {
  io.number(policies.password_length_min);
  io.number(policies.password_needs_digit_or_symbol);
  io.text(policies.password_forbidden_characters);
  io.number(policies.lockout_failures);
  io.number(policies.direct_deletion);
  io.number(policies.new_user_status);
  io.number(policies.new_user_api_access);
  io.number(policies.tell_reasons);
  io.number(policies.username_generated);
  io.number(policies.username_fixed);
  io.text(policies.username_prefix);
  io.number(policies.username_prefix_rule);
  io.number(policies.session_timeout_seconds);
  io.number(policies.session_seconds_max);
  io.number(policies.lock_seconds);
  io.number(policies.same_wrong_password_counts_once);
  io.number(policies.lock_closes_password_only);
}

/// 1: open, 2: closed, 0: neither.
template <class Io>
void pass_openness(Io& io, Passed<Io, CatalogueResource>& resource) {
  std::uint8_t openness = resource.closed ? 2 : resource.open ? 1 : 0;
  io.number(openness);
  if constexpr (Io::reads) {
    if (openness > 2) io.fail("a number does not fit its field");
    resource.open = openness == 1;
    resource.closed = openness == 2;
  }
}

template <class Io>
void pass_kind(Io& io, Passed<Io, CatalogueKind>& kind) {
  io.text(kind.name);
  io.number(kind.open);
  io.list(kind.actions, [&](auto& action) {
    io.text(action.name);
    io.text(action.description);
    pass_texts(io, action.implies);
    io.text(action.warning);
  });
  io.text(kind.description);
  io.list(kind.resources, [&](auto& resource) {
    io.text(resource.path);
    io.text(resource.description);
    pass_openness(io, resource);
    io.text(resource.warning);
  });
}

template <class Io>
void pass_catalogue(Io& io, Passed<Io, std::shared_ptr<const Catalogue>>& catalogue) {
  const auto pass = [&](auto& kind) { pass_kind(io, kind); };
  if constexpr (Io::reads) {
    Catalogue found;
    io.list(found, pass);
    catalogue = io.compiled(std::move(found));
  } else {
    io.list(*catalogue, pass);
  }
}

/// Bit 0: the tenant is enabled. The others: what 0.2 added stands at its end; where it has nothing
/// of that its form is as 0.1 wrote it, so that older journals keep their digests.
inline constexpr std::uint64_t enabled_bit = 1;
inline constexpr std::uint64_t domain_bit = 2;
inline constexpr std::uint64_t imported_hash_days_bit = 4;

template <class Io>
std::uint64_t pass_switches(Io& io, Passed<Io, Tenant>& tenant) {
  static const schema::PoliciesT defaults;
  std::uint64_t switches = 0;
  if constexpr (!Io::reads) {
    if (tenant.enabled) switches |= enabled_bit;
    if (!tenant.policies.username_domain.empty()) switches |= domain_bit;
    if (tenant.policies.imported_hash_days != defaults.imported_hash_days)
      switches |= imported_hash_days_bit;
  }
  io.number(switches);
  if constexpr (Io::reads) {
    if (switches >= 2 * imported_hash_days_bit) io.fail("a number does not fit its field");
    tenant.enabled = (switches & enabled_bit) != 0;
  }
  return switches;
}

template <class Io>
void pass_additions(Io& io, Passed<Io, Tenant>& tenant, std::uint64_t switches) {
  auto& policies = tenant.policies;
  if ((switches & domain_bit) != 0) {
    io.text(policies.username_domain);
    if constexpr (Io::reads)
      if (policies.username_domain.empty()) io.fail("what is absent has a place");
  }
  if ((switches & imported_hash_days_bit) != 0) {
    static const schema::PoliciesT defaults;
    io.number(policies.imported_hash_days);
    if constexpr (Io::reads)
      if (policies.imported_hash_days == defaults.imported_hash_days)
        io.fail("what is as ever has a place");
  }
}

template <class Io>
void pass_tenant(Io& io, Passed<Io, Tenant>& tenant) {
  io.id(tenant.id);
  io.text(tenant.alias);
  io.text(tenant.display_name);
  pass_policies(io, tenant.policies);
  pass_networks(io, tenant.networks);
  io.number(tenant.policies.user_networks_mandatory);
  io.number(tenant.policies.secure_transport_required);
  io.number(tenant.policies.signatures_required);
  io.number(tenant.policies_seq);
  pass_catalogue(io, tenant.catalogue);
  const std::uint64_t switches = pass_switches(io, tenant);
  io.number(tenant.created_seq);
  io.number(tenant.status_seq);
  io.number(tenant.disabled_seq);
  io.number(tenant.disabled_index);
  io.number(tenant.session_epoch);
  pass_roles(io, tenant.roles);
  pass_additions(io, tenant, switches);
}

// ---- users

/// C7, C8, S3.
template <class Io>
void pass_credentials(Io& io, Passed<Io, UserExtras>& extras) {
  pass_sealed(io, extras.sealed_old_password);
  io.number(extras.old_password_until_ns);
  io.list(extras.keys, [&](auto& key) {
    io.id(key.id);
    io.text(key.name);
    io.bytes(key.hash);
    io.number(key.expires_ns);
    pass_shared(io, key.narrowed_to, [&](auto& part) {
      io.text(part.action);
      io.text(part.resource);
    });
    io.number(key.created_seq);
  });
  io.list(extras.ended_sessions, [&](auto& ended) {
    io.id(ended.session);
    io.number(ended.until_ns);
  });
}

template <class Io>
void pass_use(Io& io, Passed<Io, UseSum>& use) {
  io.number(use.first_ns);
  io.number(use.last_ns);
  io.number(use.recorded_ns);
  io.number(use.password_last_ns);
  io.list(use.days, [&](auto& day) {
    io.number(day.day);
    io.number(day.allowed);
    io.number(day.denied);
  });
  pass_texts(io, use.networks);
  io.number(use.networks_left_out);
  pass_texts(io, use.clients);
  io.number(use.clients_left_out);
  io.list(use.keys, [&](auto& key) {
    io.id(key.key);
    io.number(key.last_ns);
    io.number(key.count);
  });
  io.list(use.grants, [&](auto& grant) {
    io.number(grant.seq);
    io.number(grant.index);
    io.number(grant.last_ns);
    io.number(grant.count);
  });
}

template <class Io>
void pass_shared_use(Io& io, Passed<Io, std::shared_ptr<const UseSum>>& use) {
  bool is_there = use != nullptr;
  io.number(is_there);
  if (!is_there) return;
  if constexpr (Io::reads) {
    auto found = std::make_shared<UseSum>();
    pass_use(io, *found);
    use = std::move(found);
  } else {
    pass_use(io, *use);
  }
}

template <class Io>
void pass_settings(Io& io, Passed<Io, UserExtras>& extras) {
  pass_networks(io, extras.networks);
  io.number(extras.skip_ip_check);
  io.number(extras.secure_transport_required);
  io.number(extras.api_logging);
  io.number(extras.session_timeout_seconds);
  io.number(extras.settings_seq);
}

/// With what few users have: default for the others.
template <class Io>
void pass_user(Io& io, Passed<Io, User>& user, Passed<Io, UserExtras>& extras) {
  UserMarks marks = marks_of(user);
  io.id(user.id);
  io.id(user.tenant);
  io.text(user.username);
  io.number(user.key.file);
  io.number(user.key.slot);
  io.bytes(user.key.commitment);
  io.number(user.status);
  io.number(user.api_access);
  io.number(extras.failures);
  io.number(user.version);
  io.number(user.created_seq);
  io.number(marks.status_seq);
  io.number(marks.api_access_seq);
  io.number(user.password_seq);
  io.number(marks.tenant_lock_cleared_seq);
  io.number(extras.passwords_lock_seq);
  io.number(extras.operator_lock_seq);
  io.number(user.last_seq);
  io.number(extras.session_epoch);
  io.number(extras.erased_seq);
  io.number(extras.passwords_lock_ns);
  io.number(user.tenant_lock_cleared_index);
  pass_credentials(io, extras);
  pass_sealed(io, user.sealed_profile);
  pass_sealed(io, user.sealed_password);
  pass_grants(io, user.grants);
  io.list(extras.roles, [&](auto& held) {
    io.id(held.role);
    io.number(held.seq);
  });
  pass_shared_use(io, extras.use);
  pass_settings(io, extras);
  if constexpr (Io::reads) set_marks(user, marks);
}

// ---- operators, providers, copies

template <class Io>
void pass_operator(Io& io, Passed<Io, Operator>& entry) {
  const auto pass_bytes = [&](auto& bytes) { io.bytes(bytes); };
  io.id(entry.id);
  io.text(entry.name);
  io.number(entry.role);
  io.list(entry.keys, pass_bytes);
  io.optional(entry.uid);
  io.number(entry.all_tenants);
  io.list(entry.tenants, [&](auto& tenant) { io.id(tenant); });
  io.number(entry.vouches);
  io.list(entry.signing_keys, pass_bytes);
  io.number(entry.added_seq);
  io.number(entry.changed_seq);
}

template <class Io>
void pass_ranges(Io& io, Passed<Io, ProviderRanges>& ranges) {
  const auto pass_number = [&](auto& number) { io.number(number); };
  io.number(ranges.provider);
  io.text(ranges.source_name);
  io.bytes(ranges.source_sha256);
  io.number(ranges.source_time_ns);
  io.number(ranges.imported_seq);
  io.list(ranges.v4, pass_number);
  io.list(ranges.v6, pass_number);
}

template <class Io>
void pass_copies(Io& io, Passed<Io, Copies>& copies) {
  io.number(copies.keys_kept_until_ns);
  io.list(copies.restorations, [&](auto& restoration) {
    io.id(restoration.id);
    io.number(restoration.seq);
  });
}

}  // namespace postern::domain
