// What a tenant knows to be granted (A7), page by page.
#include "daemon/domain/catalogue.h"

#include <algorithm>

#include "daemon/domain/path.h"
#include "daemon/view/answers.h"
#include "daemon/view/moment.h"
#include "daemon/view/page.h"

namespace postern::view {

namespace {

/// Behind a path, in the order of paths; `kind`: of that one alone, empty: of all.
std::vector<const domain::CatalogueResource*> resources_behind(const domain::Catalogue& catalogue,
                                                               std::string_view kind_name,
                                                               std::string_view after) {
  std::vector<const domain::CatalogueResource*> found;
  for (const domain::CatalogueKind& kind : catalogue)
    for (const domain::CatalogueResource& resource : kind.resources)
      if ((kind_name.empty() || kind.name == kind_name) && resource.path > after)
        found.push_back(&resource);
  std::ranges::sort(found, {}, &domain::CatalogueResource::path);
  return found;
}

}  // namespace

Answer<schema::CataloguePageT> answer(const Inquiry& inquiry, const schema::ListCatalogue& wanted) {
  const auto tenant = tenant_of(inquiry, wanted.tenant());
  if (!tenant) return std::unexpected(tenant.error());
  const domain::Catalogue& catalogue = *(*tenant)->catalogue;
  const std::string_view kind_name = view_of(wanted.kind());
  if (!kind_name.empty() && domain::find_kind(catalogue, kind_name) == nullptr)
    return refused(schema::Code::unknown_resource, "kind",
                   domain::nearest_known(catalogue, kind_name, "*"));
  schema::CataloguePageT page;
  const std::size_t count_max = page_size(wanted.count_max(), 1'000, 10'000);
  std::size_t bytes = 0;
  for (const auto* resource : resources_behind(catalogue, kind_name, place_in(wanted.after()))) {
    page.more = page.resources.size() == count_max || bytes > page_bytes_soft_max;
    if (page.more) break;
    auto& made = page.resources.emplace_back(std::make_unique<schema::CatalogueResourceT>());
    made->path = resource->path;
    made->description = resource->description;
    made->open = domain::is_open_at(*domain::find_kind(catalogue, domain::kind_of(resource->path)),
                                    resource->path);
    made->closed = !made->open;
    made->warning = resource->warning;
    bytes += 60 + made->path.size() + made->description.size() + made->warning.size();
  }
  if (page.more) page.next = page.resources.back()->path;
  return page;
}

}  // namespace postern::view
