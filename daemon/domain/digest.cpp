// canonical := tenant* user* operator* ranges* copies?
//              each kind in id order, ranges by provider
// entry     := tag:u8 field*
// number    := u64 little-endian; text := length:number byte*; list := count:number item*
#include "daemon/domain/digest.h"

#include <algorithm>
#include <string_view>

#include "daemon/domain/access.h"

namespace postern::domain {

namespace {

class Writer {
 public:
  explicit Writer(const Sink& sink) : sink_(sink) {}

  void number(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8)
      buffer_.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  void bytes(std::span<const std::uint8_t> value) {
    number(value.size());
    buffer_.insert(buffer_.end(), value.begin(), value.end());
  }
  void text(std::string_view value) {
    bytes({reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
  }
  void id(const Uuid& value) {
    number(value.high());
    number(value.low());
  }
  void sealed(const std::shared_ptr<const Bytes>& value) {
    bytes(value ? std::span(*value) : std::span<const std::uint8_t>());
  }
  void networks(const Networks& list) {
    number(list != nullptr);
    if (list == nullptr) return;
    number(list->entries.size());
    for (const std::string& entry : list->entries) text(entry);
  }
  void flush() {
    sink_(buffer_);
    buffer_.clear();
  }

 private:
  const Sink& sink_;
  std::vector<std::uint8_t> buffer_;
};

void write(Writer& out, const Conditions& conditions) {
  const auto time = [&](const std::optional<std::int64_t>& time_ns) {
    out.number(time_ns.has_value());
    out.number(static_cast<std::uint64_t>(time_ns.value_or(0)));
  };
  time(conditions.not_before_ns);
  time(conditions.not_after_ns);
  out.number(conditions.secure_transport);
  out.number(conditions.networks != nullptr);
  if (conditions.networks == nullptr) return;
  out.number(conditions.networks->entries.size());
  for (const std::string& entry : conditions.networks->entries) out.text(entry);
}

void write(Writer& out, const Grants& grants) {
  out.number(grants.size());
  for (const Grant& grant : grants.sorted) {
    out.number(grant.seq);
    out.number(grant.index);
    out.number(grant.deny);
    out.number(grant.conditional);
    if (const Conditions* conditions = conditions_of(grants, grant)) write(out, *conditions);
    out.text(*grant.action);
    out.text(*grant.resource);
  }
}

void write(Writer& out, const NamedRoles& roles) {
  out.number(roles.by_id.size());
  for (const auto& role : roles.by_id) {
    out.id(role->id);
    out.text(role->name);
    out.text(role->description);
    out.number(role->created_seq);
    write(out, *role->grants);
    out.number(role->inner.size());
    for (const Uuid& inner : role->inner) out.id(inner);
  }
}

void write(Writer& out, const Tenant& tenant) {
  out.number('t');
  out.id(tenant.id);
  out.text(tenant.alias);
  out.text(tenant.display_name);
  const schema::PoliciesT& policies = tenant.policies;
  out.number(policies.password_length_min);
  out.number(policies.password_needs_digit_or_symbol);
  out.text(policies.password_forbidden_characters);
  out.number(policies.lockout_failures);
  out.number(policies.direct_deletion);
  out.number(static_cast<std::uint64_t>(policies.new_user_status));
  out.number(policies.new_user_api_access);
  out.number(policies.tell_reasons);
  out.number(policies.username_generated);
  out.number(policies.username_fixed);
  out.text(policies.username_prefix);
  out.number(static_cast<std::uint64_t>(policies.username_prefix_rule));
  out.number(policies.session_timeout_seconds);
  out.number(policies.session_seconds_max);
  out.number(policies.lock_seconds);
  out.number(policies.same_wrong_password_counts_once);
  out.number(policies.lock_closes_password_only);
  out.networks(tenant.networks);
  out.number(policies.user_networks_mandatory);
  out.number(policies.secure_transport_required);
  out.number(policies.signatures_required);
  out.number(tenant.policies_seq);
  out.number(tenant.catalogue->size());
  for (const CatalogueKind& kind : *tenant.catalogue) {
    out.text(kind.name);
    out.number(kind.open);
    out.number(kind.actions.size());
    for (const CatalogueAction& action : kind.actions) {
      out.text(action.name);
      out.text(action.description);
      out.number(action.implies.size());
      for (const std::string& implied : action.implies) out.text(implied);
      out.text(action.warning);
    }
    out.text(kind.description);
    out.number(kind.resources.size());
    for (const CatalogueResource& resource : kind.resources) {
      out.text(resource.path);
      out.text(resource.description);
      out.number(resource.open);
      out.text(resource.warning);
    }
  }
  out.number(tenant.enabled);
  for (const Seq seq : {tenant.created_seq, tenant.status_seq, tenant.disabled_seq})
    out.number(seq);
  out.number(tenant.disabled_index);
  out.number(tenant.session_epoch);
  out.number(tenant.roles != nullptr);
  if (tenant.roles != nullptr) write(out, *tenant.roles);
}

/// C7, C8, S3.
void write_credentials(Writer& out, const UserExtras& extras) {
  out.sealed(extras.sealed_old_password);
  out.number(static_cast<std::uint64_t>(extras.old_password_until_ns));
  out.number(extras.keys.size());
  for (const ApiKey& key : extras.keys) {
    out.id(key.id);
    out.text(key.name);
    out.bytes(key.hash);
    out.number(static_cast<std::uint64_t>(key.expires_ns));
    out.number(key.narrowed_to.size());
    for (const Narrowing& part : key.narrowed_to) {
      out.text(part.action);
      out.text(part.resource);
    }
    out.number(key.created_seq);
  }
  out.number(extras.ended_sessions.size());
  for (const EndedSession& ended : extras.ended_sessions) {
    out.id(ended.session);
    out.number(static_cast<std::uint64_t>(ended.until_ns));
  }
}

void write(Writer& out, const UseSum& use) {
  const auto time = [&](std::int64_t time_ns) { out.number(static_cast<std::uint64_t>(time_ns)); };
  time(use.first_ns);
  time(use.last_ns);
  time(use.recorded_ns);
  time(use.password_last_ns);
  out.number(use.days.size());
  for (const UseOfDay& day : use.days) {
    out.number(day.day);
    out.number(day.allowed);
    out.number(day.denied);
  }
  out.number(use.networks.size());
  for (const std::string& network : use.networks) out.text(network);
  out.number(use.networks_left_out);
  out.number(use.clients.size());
  for (const std::string& client : use.clients) out.text(client);
  out.number(use.clients_left_out);
  out.number(use.keys.size());
  for (const UseOfKey& key : use.keys) {
    out.id(key.key);
    time(key.last_ns);
    out.number(key.count);
  }
  out.number(use.grants.size());
  for (const UseOfGrant& grant : use.grants) {
    out.number(grant.seq);
    out.number(grant.index);
    time(grant.last_ns);
    out.number(grant.count);
  }
}

void write_settings(Writer& out, const UserExtras& extras) {
  out.networks(extras.networks);
  out.number(extras.skip_ip_check);
  out.number(extras.secure_transport_required);
  out.number(extras.api_logging);
  out.number(extras.session_timeout_seconds);
  out.number(extras.settings_seq);
}

void write(Writer& out, const User& user) {
  out.number('u');
  out.id(user.id);
  out.id(user.tenant);
  out.text(user.username);
  out.number(user.key.file);
  out.number(user.key.slot);
  out.bytes(user.key.commitment);
  out.number(static_cast<std::uint64_t>(user.status));
  out.number(user.api_access);
  out.number(user.failures);
  out.number(user.version);
  for (const Seq seq : {user.created_seq, user.status_seq, user.api_access_seq, user.password_seq,
                        user.tenant_lock_cleared_seq, user.passwords_lock_seq,
                        user.operator_lock_seq, user.last_seq})
    out.number(seq);
  out.number(user.session_epoch);
  out.number(extras_of(user).erased_seq);
  out.number(static_cast<std::uint64_t>(user.passwords_lock_ns));
  out.number(user.tenant_lock_cleared_index);
  write_credentials(out, extras_of(user));
  out.sealed(user.sealed_profile);
  out.sealed(user.sealed_password);
  write(out, *user.grants);
  const std::vector<RoleHeld>& roles = extras_of(user).roles;
  out.number(roles.size());
  for (const RoleHeld& held : roles) {
    out.id(held.role);
    out.number(held.seq);
  }
  const auto& use = extras_of(user).use;
  out.number(use != nullptr);
  if (use != nullptr) write(out, *use);
  write_settings(out, extras_of(user));
}

void write(Writer& out, const Operator& entry) {
  out.number('o');
  out.id(entry.id);
  out.text(entry.name);
  out.number(static_cast<std::uint64_t>(entry.role));
  out.number(entry.keys.size());
  for (const auto& key : entry.keys) out.bytes(key);
  out.number(entry.uid.has_value());
  out.number(entry.uid.value_or(0));
  out.number(entry.all_tenants);
  out.number(entry.tenants.size());
  for (const Uuid& tenant : entry.tenants) out.id(tenant);
  out.number(entry.vouches);
  out.number(entry.signing_keys.size());
  for (const auto& key : entry.signing_keys) out.bytes(key);
  out.number(entry.added_seq);
  out.number(entry.changed_seq);
}

void write(Writer& out, const ProviderRanges& ranges) {
  out.number('n');
  out.number(static_cast<std::uint64_t>(ranges.provider));
  out.text(ranges.source_name);
  out.bytes(ranges.source_sha256);
  out.number(static_cast<std::uint64_t>(ranges.source_time_ns));
  out.number(ranges.imported_seq);
  out.number(ranges.v4.size());
  for (const std::uint32_t address : ranges.v4) out.number(address);
  out.number(ranges.v6.size());
  for (const std::uint64_t half : ranges.v6) out.number(half);
}

void write(Writer& out, const Copies& copies) {
  out.number('c');
  out.number(static_cast<std::uint64_t>(copies.keys_kept_until_ns));
  out.number(copies.restorations.size());
  for (const Restoration& restoration : copies.restorations) {
    out.id(restoration.id);
    out.number(restoration.seq);
  }
}

template <class Entry>
void write_sorted(Writer& out, std::vector<const Entry*>& entries) {
  std::ranges::sort(entries, less, [](const Entry* entry) { return entry->id; });
  for (const Entry* entry : entries) {
    write(out, *entry);
    out.flush();
  }
}

}  // namespace

template <template <class> class Handle>
void write_canonical(const Tables<Handle>& tables, const Sink& sink) {
  Writer out(sink);
  std::vector<const Tenant*> tenants;
  std::vector<const User*> users;
  std::vector<const Operator*> operators;
  tables.for_each_tenant([&](const Tenant& entry) { tenants.push_back(&entry); });
  tables.for_each_user([&](const User& entry) { users.push_back(&entry); });
  tables.for_each_operator([&](const Operator& entry) { operators.push_back(&entry); });
  write_sorted(out, tenants);
  write_sorted(out, users);
  write_sorted(out, operators);
  for (const auto& ranges : tables.providers()) {
    if (ranges == nullptr) continue;
    write(out, *ranges);
    out.flush();
  }
  if (tables.copies() == nullptr) return;
  write(out, *tables.copies());
  out.flush();
}

template void write_canonical(const Tables<Owned>& tables, const Sink& sink);
template void write_canonical(const Tables<Borrowed>& tables, const Sink& sink);

}  // namespace postern::domain
