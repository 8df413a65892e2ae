// Catalogues.
#include "daemon/domain/catalogue.h"
#include "daemon/domain/handlers.h"

namespace postern::domain {

void catalogue_defined(const Scene& scene, const schema::CatalogueDefined& body) {
  edit_tenant(scene, [&](Tenant& tenant) {
    tenant.catalogue = defined(*tenant.catalogue, body.kinds(), body.replace());
  });
}

void catalogue_retired(const Scene& scene, const schema::CatalogueRetired& body) {
  edit_tenant(scene,
              [&](Tenant& tenant) { tenant.catalogue = retired(*tenant.catalogue, body); });
}

}  // namespace postern::domain
