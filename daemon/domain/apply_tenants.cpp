// The journal and its tenants.
#include <algorithm>

#include "daemon/domain/catalogue.h"
#include "daemon/domain/handlers.h"

namespace postern::domain {

void journal_created(const Scene&, const schema::JournalCreated&) {}

namespace {

void set_policies(const Scene& scene, const schema::Policies* policies, Tenant& tenant) {
  if (policies == nullptr) return;
  tenant.policies = schema::PoliciesT();
  policies->UnPackTo(&tenant.policies);
  tenant.networks = compile(policies->networks()).value_or(nullptr);
  tenant.policies_seq = scene.record.seq;
}

}  // namespace

void tenant_created(const Scene& scene, const schema::TenantCreated& body) {
  if (body.tenant() == nullptr) return;
  auto tenant = make_counted<Tenant>();
  tenant->id = *body.tenant();
  tenant->alias = view_of(body.alias());
  tenant->display_name = view_of(body.display_name());
  set_policies(scene, body.policies(), *tenant);
  tenant->catalogue = defined({}, body.catalogue(), true);
  tenant->created_seq = scene.record.seq;
  tenant->changed_seq = scene.record.seq;
  scene.state.replace(Owned<Tenant>(std::move(tenant)), scene.changes);
}

void tenant_changed(const Scene& scene, const schema::TenantChanged& body) {
  edit_tenant(scene, [&](Tenant& tenant) {
    tenant.display_name = view_of(body.display_name());
    set_policies(scene, body.policies(), tenant);
  });
}

void tenant_enabled(const Scene& scene, const schema::TenantEnabled&) {
  edit_tenant(scene, [&](Tenant& tenant) {
    tenant.enabled = true;
    tenant.status_seq = scene.record.seq;
  });
}

void tenant_disabled(const Scene& scene, const schema::TenantDisabled&) {
  edit_tenant(scene, [&](Tenant& tenant) {
    tenant.enabled = false;
    tenant.status_seq = scene.record.seq;
    tenant.disabled_seq = scene.record.seq;
    tenant.disabled_index = scene.index;
    tenant.session_epoch = scene.record.seq;
  });
}

/// A fact for the history alone: no answer and no later decision rests on it.
void review_recorded(const Scene&, const schema::ReviewRecorded&) {}

}  // namespace postern::domain
