// H10: what records did to a tenant: its status, its policies, its catalogue.
#include <algorithm>

#include "daemon/domain/apply.h"
#include "daemon/domain/catalogue.h"
#include "daemon/view/undo.h"

namespace postern::view {

namespace {

using schema::EventBody;
using Step = Undoing::Step;

/// What `tenant_before` is made of.
constexpr EventBody structural[] = {EventBody::TenantCreated,    EventBody::TenantChanged,
                                    EventBody::CatalogueDefined, EventBody::CatalogueRetired,
                                    EventBody::RoleCreated,      EventBody::RoleDeleted,
                                    EventBody::RoleGrantAdded,   EventBody::RoleGrantRemoved,
                                    EventBody::RoleNested,       EventBody::RoleUnnested};

bool is_structural(const schema::Event& event) {
  return std::ranges::find(structural, event.body_type()) != std::end(structural);
}

bool is_of_catalogue(const schema::Event& event) {
  return is_kind(event, EventBody::CatalogueDefined) || is_kind(event, EventBody::CatalogueRetired);
}

void apply_structural(domain::State& state, const schema::Record& record, const Uuid& tenant) {
  const domain::RecordFacts facts{record.seq(), record.role(), tenant, record.time_ns()};
  domain::Changes changes;
  std::uint16_t index = 0;
  for (const schema::Event* event : *record.events()) {
    if (is_structural(*event)) domain::apply(state, facts, *event, index, changes);
    ++index;
  }
}

// ---- policies: what is otherwise than it was

template <class Value, class Change>
bool put_back(const Value& old, const Value& now, Change& change) {
  if (old == now) return false;
  change = old;
  return true;
}

const std::vector<std::string>& entries_of(const std::unique_ptr<schema::NetworksT>& networks) {
  static const std::vector<std::string> none;
  return networks == nullptr ? none : networks->entries;
}

/// An absent list has no entries; without any it clears.
bool networks_back(schema::PoliciesT& old, const schema::PoliciesT& now,
                   schema::PolicyChangesT& made) {
  if (entries_of(old.networks) == entries_of(now.networks)) return false;
  made.networks = old.networks ? std::move(old.networks) : std::make_unique<schema::NetworksT>();
  return true;
}

/// Null: every policy is as it was. The others stay out, so that what nobody takes back is not
/// sent again.
std::unique_ptr<schema::PolicyChangesT> policies_back(schema::PoliciesT old,
                                                      const schema::PoliciesT& now) {
  auto made = std::make_unique<schema::PolicyChangesT>();
  bool any = false;
  const auto put = [&](auto member, auto change) {
    any |= put_back(old.*member, now.*member, (*made).*change);
  };
  using Old = schema::PoliciesT;
  using Changes = schema::PolicyChangesT;
  put(&Old::password_length_min, &Changes::password_length_min);
  put(&Old::password_needs_digit_or_symbol, &Changes::password_needs_digit_or_symbol);
  put(&Old::lockout_failures, &Changes::lockout_failures);
  put(&Old::imported_hash_days, &Changes::imported_hash_days);
  put(&Old::direct_deletion, &Changes::direct_deletion);
  put(&Old::new_user_status, &Changes::new_user_status);
  put(&Old::new_user_api_access, &Changes::new_user_api_access);
  put(&Old::tell_reasons, &Changes::tell_reasons);
  put(&Old::username_generated, &Changes::username_generated);
  put(&Old::username_fixed, &Changes::username_fixed);
  put(&Old::username_prefix_rule, &Changes::username_prefix_rule);
  put(&Old::session_timeout_seconds, &Changes::session_timeout_seconds);
  put(&Old::session_seconds_max, &Changes::session_seconds_max);
  put(&Old::lock_seconds, &Changes::lock_seconds);
  put(&Old::same_wrong_password_counts_once, &Changes::same_wrong_password_counts_once);
  put(&Old::lock_closes_password_only, &Changes::lock_closes_password_only);
  put(&Old::user_networks_mandatory, &Changes::user_networks_mandatory);
  put(&Old::secure_transport_required, &Changes::secure_transport_required);
  put(&Old::signatures_required, &Changes::signatures_required);
  any |= networks_back(old, now, *made);
  const auto put_text = [&](const char* name, auto member, auto change) {
    if (!put_back(old.*member, now.*member, (*made).*change)) return;
    any = true;
    if ((old.*member).empty()) made->cleared.emplace_back(name);
  };
  put_text("password_forbidden_characters", &Old::password_forbidden_characters,
           &Changes::password_forbidden_characters);
  put_text("username_prefix", &Old::username_prefix, &Changes::username_prefix);
  put_text("username_domain", &Old::username_domain, &Changes::username_domain);
  return any ? std::move(made) : nullptr;
}

// ---- catalogues: what one has and the other has not, or has otherwise

template <class Entry, class NameOf>
const Entry* find_named(const std::vector<Entry>& entries, const Entry& wanted, NameOf name_of) {
  const auto place = std::ranges::find(entries, name_of(wanted), name_of);
  return place == entries.end() ? nullptr : &*place;
}

template <class Entry>
std::string_view name_of_entry(const Entry& entry) {
  if constexpr (std::is_same_v<Entry, domain::CatalogueResource>)
    return entry.path;
  else
    return entry.name;
}

/// What is compiled from other entries is no difference.
bool are_alike(const domain::CatalogueAction& left, const domain::CatalogueAction& right) {
  return left.description == right.description && left.implies == right.implies &&
         left.warning == right.warning;
}
bool are_alike(const domain::CatalogueResource& left, const domain::CatalogueResource& right) {
  return left == right;
}

template <class Entry>
std::vector<Entry> missing_or_other(const std::vector<Entry>& wanted,
                                    const std::vector<Entry>& there) {
  std::vector<Entry> made;
  for (const Entry& entry : wanted) {
    const Entry* known = find_named(there, entry, name_of_entry<Entry>);
    if (known == nullptr || !are_alike(entry, *known)) made.push_back(entry);
  }
  return made;
}

template <class Entry>
std::vector<std::string> names_of_surplus(const std::vector<Entry>& there,
                                          const std::vector<Entry>& wanted) {
  std::vector<std::string> made;
  for (const Entry& entry : there)
    if (find_named(wanted, entry, name_of_entry<Entry>) == nullptr)
      made.emplace_back(name_of_entry(entry));
  return made;
}

/// What `wanted` has and `there` lacks or says otherwise.
domain::Catalogue to_define(const domain::Catalogue& wanted, const domain::Catalogue& there) {
  domain::Catalogue made;
  for (const domain::CatalogueKind& kind : wanted) {
    const domain::CatalogueKind* known = domain::find_kind(there, kind.name);
    if (known == nullptr) {
      made.push_back(kind);
      continue;
    }
    domain::CatalogueKind part = kind;
    part.actions = missing_or_other(kind.actions, known->actions);
    part.resources = missing_or_other(kind.resources, known->resources);
    const bool same_kind = kind.open == known->open && kind.description == known->description;
    if (!same_kind || !part.actions.empty() || !part.resources.empty())
      made.push_back(std::move(part));
  }
  return made;
}

schema::RetireCatalogueT to_retire(const domain::Catalogue& there,
                                   const domain::Catalogue& wanted) {
  schema::RetireCatalogueT made;
  for (const domain::CatalogueKind& kind : there) {
    const domain::CatalogueKind* known = domain::find_kind(wanted, kind.name);
    if (known == nullptr) {
      made.kinds.push_back(kind.name);
      continue;
    }
    for (const std::string& name : names_of_surplus(kind.actions, known->actions)) {
      auto& action = made.actions.emplace_back(std::make_unique<schema::ActionNameT>());
      action->kind = kind.name;
      action->action = name;
    }
    std::ranges::move(names_of_surplus(kind.resources, known->resources),
                      std::back_inserter(made.resources));
  }
  return made;
}

/// The newest grant since, of whoever, on what was not known before; 0: none.
domain::Seq grant_resting_on(const Undoing& undoing, const domain::Catalogue& before) {
  domain::Seq newest = 0;
  const auto look = [&](const domain::Grants& grants) {
    for (const domain::Grant& grant : grants.sorted())
      if (grant.seq > undoing.seq() && !domain::knows(before, *grant.resource, *grant.action))
        newest = std::max<domain::Seq>(newest, grant.seq);
  };
  undoing.tables().for_each_user([&](const domain::User& user) {
    if (user.tenant == undoing.tenant->id && user.status != schema::UserStatus::deleted)
      look(*user.grants);
  });
  if (undoing.tenant->roles != nullptr)
    for (const auto& role : undoing.tenant->roles->by_id) look(*role->grants);
  return newest;
}

}  // namespace

domain::State tenant_before(Undoing& undoing) {
  const auto records = undoing.all_earlier(is_structural);
  domain::State made;
  for (auto record = records.rbegin(); record != records.rend(); ++record)
    apply_structural(made, **record, undoing.tenant->id);
  return made;
}

Step undo_tenant_status(Undoing& undoing, const schema::Event& event, std::uint16_t) {
  const domain::Tenant& tenant = *undoing.tenant;
  if (!undoing.is_last("status", tenant.id)) return {};
  if (tenant.status_seq != undoing.seq())
    return undoing.overtaken(tenant.status_seq, "changed the tenant's status since");
  const schema::Event* first = undoing.first([](const schema::Event& one) {
    return is_kind(one, EventBody::TenantEnabled) || is_kind(one, EventBody::TenantDisabled);
  });
  const bool was_enabled = is_kind(*first, EventBody::TenantDisabled);
  if (was_enabled == tenant.enabled) return {};
  if (is_kind(event, EventBody::TenantEnabled)) {
    undoing.send(schema::DisableTenantT());
    return {};
  }
  undoing.send(schema::EnableTenantT());
  undoing.left.emplace_back("Each user stays locked until its password is reset.");
  return {};
}

Step undo_policies(Undoing& undoing, const schema::Event&, std::uint16_t) {
  const domain::Tenant& tenant = *undoing.tenant;
  if (!undoing.is_last("policies", tenant.id)) return {};
  if (tenant.policies_seq != undoing.seq())
    return undoing.overtaken(tenant.policies_seq, "changed the tenant since");
  const auto before = undoing.earlier([](const schema::Event& one) {
    return is_kind(one, EventBody::TenantChanged) || is_kind(one, EventBody::TenantCreated);
  });
  if (before.event == nullptr) return Undoing::impossible("What it was before cannot be found.");
  const auto* changed = before.event->body_as_TenantChanged();
  const auto* created = before.event->body_as_TenantCreated();
  const auto* stored = changed != nullptr ? changed->policies() : created->policies();
  schema::PoliciesT old;
  if (stored != nullptr) stored->UnPackTo(&old);
  schema::SetTenantT body;
  const auto name = view_of(changed != nullptr ? changed->display_name() : created->display_name());
  if (name != tenant.display_name) body.display_name = name;
  body.policies = policies_back(std::move(old), tenant.policies);
  if (!body.display_name.empty() || body.policies != nullptr) undoing.send(std::move(body));
  return {};
}

Step undo_catalogue(Undoing& undoing, const schema::Event&, std::uint16_t) {
  const domain::Tenant& tenant = *undoing.tenant;
  if (!undoing.is_last("catalogue", tenant.id)) return {};
  domain::State state = tenant_before(undoing);
  const domain::Tenant* old = state.tables().find_tenant(tenant.id);
  if (old == nullptr) return Undoing::impossible("What it was before cannot be found.");
  const std::shared_ptr<const domain::Catalogue> kept = old->catalogue;
  const domain::Catalogue& before = *kept;
  apply_structural(state, undoing.record, tenant.id);
  if (*state.tables().find_tenant(tenant.id)->catalogue != *tenant.catalogue)
    return undoing.overtaken(undoing.later(is_of_catalogue), "changed the catalogue since");
  if (const domain::Seq grant =
          undoing.known("grant", [&] { return grant_resting_on(undoing, before); }))
    return undoing.overtaken(grant, "granted what the catalogue has known only since");
  schema::DefineCatalogueT define;
  define.kinds = domain::as_schema(to_define(before, *tenant.catalogue));
  define.replace = true;
  if (!define.kinds.empty()) undoing.send(std::move(define));
  auto retire = to_retire(*tenant.catalogue, before);
  if (!retire.kinds.empty() || !retire.actions.empty() || !retire.resources.empty())
    undoing.send(std::move(retire));
  return {};
}

}  // namespace postern::view
