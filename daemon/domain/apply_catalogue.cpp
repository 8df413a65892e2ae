// Catalogues.
#include "daemon/domain/catalogue.h"
#include "daemon/domain/handlers.h"

namespace postern::domain {

namespace {

/// A change of a part copies the whole.
constexpr std::size_t work_of_entry = 8;

void count_catalogue(const Scene& scene, const Tenant& tenant) {
  scene.changes.work += work_of_entry * size_of(*tenant.catalogue);
}

}  // namespace

void catalogue_defined(const Scene& scene, const schema::CatalogueDefined& body) {
  edit_tenant(scene, [&](Tenant& tenant) {
    count_catalogue(scene, tenant);
    tenant.catalogue = defined(*tenant.catalogue, body.kinds(), body.replace());
  });
}

void catalogue_retired(const Scene& scene, const schema::CatalogueRetired& body) {
  edit_tenant(scene, [&](Tenant& tenant) {
    count_catalogue(scene, tenant);
    tenant.catalogue = retired(*tenant.catalogue, body);
  });
}

}  // namespace postern::domain
