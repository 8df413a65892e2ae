// The journal and its tenants.
#include <algorithm>

#include "daemon/domain/handlers.h"

namespace postern::domain {

void journal_created(const Scene&, const schema::JournalCreated&) {}

namespace {

CatalogueKind kind_of(const schema::CatalogueKind& stored) {
  CatalogueKind kind{text(stored.name()), {}, stored.open(), text(stored.description())};
  if (stored.actions() != nullptr) {
    for (const schema::CatalogueAction* action : *stored.actions()) {
      CatalogueAction& made = kind.actions.emplace_back(text(action->name()));
      made.description = text(action->description());
      made.warning = text(action->warning());
      if (action->implies() == nullptr) continue;
      for (const flatbuffers::String* implied : *action->implies())
        made.implies.push_back(implied->str());
    }
  }
  if (stored.resources() != nullptr)
    for (const schema::CatalogueResource* resource : *stored.resources())
      kind.resources.push_back({text(resource->path()), text(resource->description()),
                                resource->open(), text(resource->warning())});
  return kind;
}

}  // namespace

void tenant_created(const Scene& scene, const schema::TenantCreated& body) {
  if (body.tenant() == nullptr) return;
  auto tenant = std::make_shared<Tenant>();
  tenant->id = *body.tenant();
  tenant->alias = text(body.alias());
  tenant->display_name = text(body.display_name());
  if (body.policies() != nullptr) body.policies()->UnPackTo(&tenant->policies);
  if (body.catalogue() != nullptr) {
    for (const schema::CatalogueKind* kind : *body.catalogue())
      tenant->catalogue.push_back(kind_of(*kind));
  }
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
  });
}

}  // namespace postern::domain
