// The journal and its tenants.
#include <algorithm>

#include "daemon/domain/catalogue.h"
#include "daemon/domain/handlers.h"

namespace postern::domain {

void journal_created(const Scene&, const schema::JournalCreated&) {}

void tenant_created(const Scene& scene, const schema::TenantCreated& body) {
  if (body.tenant() == nullptr) return;
  auto tenant = std::make_shared<Tenant>();
  tenant->id = *body.tenant();
  tenant->alias = text(body.alias());
  tenant->display_name = text(body.display_name());
  if (body.policies() != nullptr) body.policies()->UnPackTo(&tenant->policies);
  tenant->catalogue = defined({}, body.catalogue(), true);
  tenant->created_seq = scene.record.seq;
  scene.state.replace(Owned<Tenant>(std::move(tenant)), scene.changes);
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

}  // namespace postern::domain
