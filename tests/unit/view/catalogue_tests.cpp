// What a tenant knows, page by page (A7).
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;

namespace {

schema::CommandT define_paths(const std::vector<std::string>& paths) {
  schema::DefineCatalogueT body;
  auto& kind = body.kinds.emplace_back(std::make_unique<schema::CatalogueKindT>());
  kind->name = "table";
  for (const std::string& path : paths) {
    auto& resource = kind->resources.emplace_back(std::make_unique<schema::CatalogueResourceT>());
    resource->path = path;
    resource->closed = path == "table/b";
  }
  return command(std::move(body));
}

struct Known : AskedView {
  Known() : AskedView(given(tenant("acme"), define_paths({"table/b", "table/a", "table/b/c"}))) {
    wanted.tenant = "acme";
    wanted.kind = "table";
  }

  std::vector<std::string> paths() {
    std::vector<std::string> found;
    for (const auto& resource : page(wanted).resources) found.push_back(resource->path);
    return found;
  }

  schema::ListCatalogueT wanted;
};

using Paths = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(catalogue_tests, Known)

BOOST_AUTO_TEST_CASE(A7_resources_are_listed_by_path) {
  BOOST_TEST(paths() == (Paths{"table/a", "table/b", "table/b/c"}));
  BOOST_TEST(page(wanted).resources[1]->closed);
  BOOST_TEST(!page(wanted).resources[0]->closed);
  wanted.count_max = 1;
  wanted.after = "table/a";
  BOOST_TEST(paths() == (Paths{"table/b"}));
  BOOST_TEST(page(wanted).more);
}

BOOST_AUTO_TEST_CASE(A7_a_kind_that_is_not_known_is_refused) {
  wanted.kind = "tables";
  BOOST_TEST(refusal(wanted) == Code::unknown_resource);
  wanted.tenant = "globex";
  BOOST_TEST(refusal(wanted) == Code::tenant_unknown);
}

BOOST_AUTO_TEST_SUITE_END()
