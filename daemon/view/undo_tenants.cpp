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

/// All policies, so that each is as it was.
std::unique_ptr<schema::PolicyChangesT> policies_back(schema::PoliciesT old) {
  auto made = std::make_unique<schema::PolicyChangesT>();
  made->password_length_min = old.password_length_min;
  made->password_needs_digit_or_symbol = old.password_needs_digit_or_symbol;
  made->lockout_failures = old.lockout_failures;
  made->direct_deletion = old.direct_deletion;
  made->new_user_status = old.new_user_status;
  made->new_user_api_access = old.new_user_api_access;
  made->tell_reasons = old.tell_reasons;
  made->username_generated = old.username_generated;
  made->username_fixed = old.username_fixed;
  made->username_prefix_rule = old.username_prefix_rule;
  made->session_timeout_seconds = old.session_timeout_seconds;
  made->session_seconds_max = old.session_seconds_max;
  made->lock_seconds = old.lock_seconds;
  made->same_wrong_password_counts_once = old.same_wrong_password_counts_once;
  made->lock_closes_password_only = old.lock_closes_password_only;
  made->networks = old.networks ? std::move(old.networks) : std::make_unique<schema::NetworksT>();
  made->user_networks_mandatory = old.user_networks_mandatory;
  made->secure_transport_required = old.secure_transport_required;
  made->signatures_required = old.signatures_required;
  const auto take = [&](const char* name, std::string& text, std::string& to) {
    if (text.empty()) made->cleared.emplace_back(name);
    to = std::move(text);
  };
  take("password_forbidden_characters", old.password_forbidden_characters,
       made->password_forbidden_characters);
  take("username_prefix", old.username_prefix, made->username_prefix);
  take("username_domain", old.username_domain, made->username_domain);
  return made;
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
    for (const domain::Grant& grant : grants.sorted)
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
  body.display_name =
      view_of(changed != nullptr ? changed->display_name() : created->display_name());
  body.policies = policies_back(std::move(old));
  undoing.send(std::move(body));
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
