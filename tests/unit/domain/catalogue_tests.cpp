#include <boost/test/unit_test.hpp>

#include "daemon/domain/catalogue.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;
using domain::Catalogue;
using domain::knows;

namespace {

/// Kinds as a command carries them.
std::vector<std::unique_ptr<schema::CatalogueKindT>> kinds_of(const Catalogue& catalogue) {
  return domain::as_schema(catalogue);
}

schema::CommandT define(const Catalogue& catalogue, bool replace = false) {
  schema::DefineCatalogueT body;
  body.kinds = kinds_of(catalogue);
  body.replace = replace;
  return command(std::move(body));
}

schema::CommandT retire(std::vector<std::string> kinds,
                        std::vector<std::pair<std::string, std::string>> actions,
                        std::vector<std::string> resources) {
  schema::RetireCatalogueT body;
  body.kinds = std::move(kinds);
  for (const auto& [kind, action] : actions) {
    auto& made = body.actions.emplace_back(std::make_unique<schema::ActionNameT>());
    made->kind = kind;
    made->action = action;
  }
  body.resources = std::move(resources);
  return command(std::move(body));
}

schema::CommandT tenant_with(const Catalogue& catalogue) {
  schema::CreateTenantT body;
  body.alias = "acme";
  body.catalogue = kinds_of(catalogue);
  return command(std::move(body));
}

/// Closed, with an open part, a closed part within it, and names that begin alike.
const Catalogue shop = {
    {"shop",
     {{"read"}, {"sell"}},
     false,
     {},
     {{"shop/a-b"},
      {"shop/a/x"},
      {"shop/a0"},
      {"shop/open", {}, true},
      {.path = "shop/open/shut", .closed = true}}}};

}  // namespace

BOOST_AUTO_TEST_SUITE(catalogue_tests)

BOOST_AUTO_TEST_CASE(A7_an_open_kind_knows_all_below_it) {
  const Catalogue& catalogue = domain::default_catalogue();
  BOOST_TEST(knows(catalogue, "table/any/thing", "read"));
  BOOST_TEST(knows(catalogue, "table", "*"));
  BOOST_TEST(!knows(catalogue, "table", "run"));
  BOOST_TEST(!knows(catalogue, "tables", "read"));
  BOOST_TEST(!knows(catalogue, "planet", "*"));
  BOOST_TEST(!knows({}, "table", "read"));
}

BOOST_AUTO_TEST_CASE(A7_a_closed_kind_knows_its_resources_what_is_above_and_below_open_ones) {
  const auto made = domain::compiled(shop);
  for (const char* known : {"shop", "shop/a", "shop/a-b", "shop/a/x", "shop/a0", "shop/open",
                            "shop/open/x", "shop/open/x/y", "shop/open/shut"})
    BOOST_TEST(knows(*made, known, "read"), known);
  for (const char* unknown : {"shop/b", "shop/a/y", "shop/a/x/y", "shop/a-b/x", "shop/a-",
                              "shop/open/shut/x", "shop/ope", "shop/opened"})
    BOOST_TEST(!knows(*made, unknown, "read"), unknown);
}

/// Open, with a closed part, an open part within it, and what 0.1 recorded as neither.
const Catalogue store = {{"shop",
                          {{"read"}},
                          true,
                          {},
                          {{.path = "shop/a/b", .closed = true},
                           {.path = "shop/shut", .closed = true},
                           {"shop/shut/open", {}, true},
                           {"shop/unsaid"}}}};

BOOST_AUTO_TEST_CASE(A7_the_nearest_resource_decides_in_an_open_kind_too) {
  const auto made = domain::compiled(store);
  for (const char* known : {"shop", "shop/any/thing", "shop/shut", "shop/shut/open",
                            "shop/shut/open/x/y", "shop/unsaid/x", "shop/a", "shop/a/c", "shop/*",
                            "shop/*/x", "shop/*/open/x", "shop/shut/*", "shop/shut/*/x",
                            "shop/a/*/x", "shop/*/*/x"})
    BOOST_TEST(knows(*made, known, "read"), known);
  for (const char* unknown : {"shop/shut/x", "shop/shut/x/open", "shop/a/b/x", "shop/shut/x/*",
                              "shop/a/b/*"})
    BOOST_TEST(!knows(*made, unknown, "read"), unknown);
}

BOOST_AUTO_TEST_CASE(A7_what_0_1_recorded_means_what_it_meant) {
  // Neither open nor closed: as open as the kind, whatever lies above.
  const Catalogue old_closed = {
      {"shop", {{"read"}}, false, {}, {{"shop/open", {}, true}, {"shop/open/shut"}}}};
  const auto made = domain::compiled(old_closed);
  BOOST_TEST(knows(*made, "shop/open/x", "read"));
  BOOST_TEST(!knows(*made, "shop/open/shut/x", "read"));
  const Catalogue old_open = {{"shop", {{"read"}}, true, {}, {{"shop/a"}, {"shop/a/b"}}}};
  BOOST_TEST(knows(*domain::compiled(old_open), "shop/a/b/c", "read"));
}

BOOST_AUTO_TEST_CASE(A7_a_new_resource_is_as_open_as_what_it_lies_under) {
  auto story = given(tenant_with(shop), user("bob"), allow("bob", "read", "shop"));
  // One command, the lower part first: what lies above is settled before it.
  story.given(define({{"shop",
                       {},
                       false,
                       {},
                       {{"shop/open/new/er"},
                        {"shop/open/new"},
                        {"shop/open/shut/new"},
                        {"shop/z"}}}}));
  for (const char* known : {"shop/open/new/x", "shop/open/new/er/x"})
    BOOST_TEST(story.answer("bob", "read", known) == Code::ok, known);
  for (const char* unknown : {"shop/open/shut/new/x", "shop/z/x"})
    BOOST_TEST(story.answer("bob", "read", unknown) == Code::unknown_resource, unknown);
  // The event says which, so that nothing is worked out again.
  const auto& kinds = story.outcome().events.front().body.AsCatalogueDefined()->kinds;
  for (const auto& resource : kinds.front()->resources)
    BOOST_TEST(resource->open != resource->closed, resource->path);
  // Described again without a word on it, it stays as it is.
  story.given(
      define({{"shop", {}, false, {}, {{"shop/open/shut", "Shut"}, {"shop/open", "Open"}}}}));
  BOOST_TEST(story.answer("bob", "read", "shop/open/shut/x") == Code::unknown_resource);
  BOOST_TEST(story.answer("bob", "read", "shop/open/x") == Code::ok);
  story.given(define({{"shop", {}, false, {}, {{.path = "shop/open", .closed = true}}}}));
  BOOST_TEST(story.answer("bob", "read", "shop/open/x") == Code::unknown_resource);
  BOOST_TEST(story.answer("bob", "read", "shop/open/new/x") == Code::ok);
  story
      .when(define({{"shop", {}, false, {}, {{.path = "shop/z", .open = true, .closed = true}}}}))
      .refused(Code::field_malformed)
      .naming("resources");
}

BOOST_AUTO_TEST_CASE(A7_a_star_is_known_where_it_can_stand_for_something_known) {
  const auto made = domain::compiled(shop);
  for (const char* known : {"shop/*", "shop/*/x", "shop/a/*", "shop/*/*", "shop/*/y", "shop/*/*/z",
                            "shop/open/*/z", "shop/*/shut"})
    BOOST_TEST(knows(*made, known, "read"), known);
  for (const char* unknown : {"shop/a/*/x", "shop/a-b/*", "shop/open/shut/*", "shop/b/*"})
    BOOST_TEST(!knows(*made, unknown, "read"), unknown);
}

BOOST_AUTO_TEST_CASE(A7_a_tenant_can_be_made_with_its_own_catalogue) {
  auto story = given(tenant_with(shop), user("bob"), allow("bob", "sell", "shop/a"));
  BOOST_TEST(story.tenant().catalogue->size() == 1U);
  BOOST_TEST(story.answer("bob", "sell", "shop/a/x") == Code::ok);
  BOOST_TEST(story.answer("bob", "sell", "shop/b") == Code::unknown_resource);
  BOOST_TEST(story.answer("bob", "read", "table") == Code::unknown_resource);
  given().when(tenant_with({{"Shop", {{"read"}}}})).refused(Code::field_malformed).naming("name");
}

BOOST_AUTO_TEST_CASE(A7_defining_adds_and_replaces_what_has_the_same_name) {
  auto story = given(tenant_with(shop));
  story.given(define({{"shop", {{"read", "Looks"}, {"hide"}}, true, "new", {{"shop/a-b", "AB"}}},
                      {"house", {{"enter"}}}}));
  const Catalogue& known = *story.tenant().catalogue;
  BOOST_TEST(known.size() == 2U);
  BOOST_TEST(known[0].actions.size() == 3U);
  BOOST_TEST(known[0].actions[0].description == "Looks");
  BOOST_TEST(known[0].resources.size() == 5U);
  BOOST_TEST(known[0].resources[0].description == "AB");
  BOOST_TEST(!known[0].open);
  BOOST_TEST(known[0].description == "");
  story.given(define({{"shop", {}, true, "new"}}, true));
  BOOST_TEST(story.tenant().catalogue->at(0).open);
  BOOST_TEST(story.tenant().catalogue->at(0).description == "new");
  story.when(define({{"shop", {{"hide"}}}})).refused(Code::unchanged);
}

BOOST_AUTO_TEST_CASE(A7_what_is_retired_is_unknown_and_grants_on_it_go_on) {
  auto story = given(tenant_with({{"shop",
                                   {{"read"}, {.name = "sell", .implies = {"read"}}},
                                   false,
                                   {},
                                   {{"shop/a"}, {"shop/a-b"}, {"shop/a/x"}, {"shop/c"}}},
                                  {"house", {{"enter"}}}}),
                     user("bob"), allow("bob", "sell", "shop/a"), allow("bob", "sell", "shop/c"));
  BOOST_TEST(story.answer("bob", "read", "shop/c") == Code::ok);
  story.given(retire({"house"}, {{"shop", "read"}}, {"shop/a"}));
  const Catalogue& known = *story.tenant().catalogue;
  BOOST_TEST(known.size() == 1U);
  BOOST_TEST(known[0].actions.size() == 1U);
  BOOST_TEST(known[0].actions[0].implies.empty());
  BOOST_TEST(known[0].resources.size() == 2U);
  BOOST_TEST(known[0].resources[0].path == "shop/a-b");
  BOOST_TEST(story.user("bob").grants->size() == 2U);
  BOOST_TEST(story.answer("bob", "sell", "shop/a") == Code::unknown_resource);
  BOOST_TEST(story.answer("bob", "sell", "shop/c") == Code::ok);
  story.when(retire({"huose"}, {{"shop", "sel"}, {"house", "x"}}, {"shop/a", "shop/*"}))
      .refused(Code::unknown_resource, Code::unknown_resource, Code::unknown_resource,
               Code::unknown_resource, Code::unknown_resource)
      .telling("Nearest it knows: sell.");
  story.when(retire({}, {}, {})).refused(Code::field_missing);
}

BOOST_AUTO_TEST_CASE(A7_a_definition_that_is_wrong_is_refused_with_all_that_is) {
  auto story = given(tenant("acme"));
  story
      .when(define({{"shop", {{"Read"}, {"sell"}, {"sell"}}, true, "\x01", {{"house/a"}, {"shop"}}},
                    {"shop", {{"read", "", {}, "\xff"}}}}))
      .refused(Code::field_malformed, Code::field_malformed, Code::field_malformed,
               Code::field_malformed, Code::field_malformed, Code::field_malformed,
               Code::field_malformed);
  story.when(define({{"shop", {}}})).refused(Code::field_missing).naming("actions");
  story.when(define({})).refused(Code::field_missing).naming("kinds");
  story.when(define({{"shop", {{.name = "sell", .implies = {"read"}}}}}))
      .refused(Code::unknown_resource)
      .naming("implies")
      .telling("'sell' would imply 'read'");
  story
      .when(define({{"shop",
                     {{.name = "a", .implies = {"b"}},
                      {.name = "b", .implies = {"c"}},
                      {.name = "c", .implies = {"b"}}}}}))
      .refused(Code::field_malformed)
      .naming("implies")
      .telling("b, c, b.");
  // The ring may close over what is known.
  story.given(define({{"shop", {{"a"}, {.name = "b", .implies = {"a"}}}}}));
  story.when(define({{"shop", {{.name = "a", .implies = {"b"}}}}}))
      .refused(Code::field_malformed)
      .telling("a, b, a.");
}

BOOST_AUTO_TEST_CASE(A7_the_bounds_of_a_catalogue) {
  Catalogue catalogue = {{"shop", {}}};
  for (int count = 0; count < 64; ++count)
    catalogue[0].actions.push_back({"a" + std::to_string(count)});
  auto story = given(tenant("acme"), define(catalogue));
  story.when(define({{"shop", {{"more"}}}}))
      .refused(Code::too_large)
      .telling("The limit is 64, found 65.");
  Catalogue wide = {{"wide", {{"read"}}}};
  for (int count = 0; count < 9'999; ++count)
    wide[0].resources.push_back({"wide/" + std::to_string(count)});
  // The default catalogue has one.
  story.given(define(wide));
  story.when(define({{"wide", {}, true, "", {{"wide/0", "known"}, {"wide/more"}}}}))
      .refused(Code::too_large)
      .naming("resources")
      .telling("The limit is 10000, found 10001.");
  Catalogue kinds;
  for (int count = 0; count < 60; ++count)
    kinds.push_back({"k" + std::to_string(count), {{"read"}}});
  story.when(define(kinds)).refused(Code::too_large).naming("kinds").telling("found 66.");
}

BOOST_AUTO_TEST_CASE(A7_a_grant_on_what_is_unknown_is_told_what_is_near) {
  auto story =
      given(tenant_with(
                {{"shop",
                  {{"read"}, {"write"}, {"sell"}, {"hide"}},
                  false,
                  {},
                  {{"shop/customer/name"}, {"shop/custom/name"}, {"shop/orders"}, {"shop/zoo"}}}}),
            user("bob"));
  story.when(allow("bob", "read", "shop/custommer/name"))
      .refused(Code::unknown_resource)
      .naming("resource")
      .telling("Nearest it knows: shop/customer/name, shop/custom/name, shop/orders.");
  story.when(allow("bob", "reed", "shop"))
      .refused(Code::unknown_resource)
      .naming("action")
      .telling("Nearest it knows: read,");
  story.when(allow("bob", "read", "shops/a"))
      .refused(Code::unknown_resource)
      .telling("Nearest it knows: shop.");
  story.when(allow("bob", "read", "shop/zoo/bar"))
      .refused(Code::unknown_resource)
      .telling("It knows none.");
}

BOOST_AUTO_TEST_CASE(A6_who_may_do_what_implies_an_action_may_do_that_too) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "print-card", "project/a"));
  BOOST_TEST(story.answer("bob", "preview-card", "project/a") == Code::ok);
  BOOST_TEST(story.answer("bob", "print-card", "project/a") == Code::ok);
  story.given(user("eve"), allow("eve", "preview-card", "project/a"));
  BOOST_TEST(story.answer("eve", "print-card", "project/a") == Code::no_matching_grant);
  // By way of others too.
  story.given(define({{"project",
                       {{.name = "run-press", .implies = {"print-card"}},
                        {.name = "own", .implies = {"run-press", "add-records"}}}}}),
              allow("eve", "own", "project/b"));
  BOOST_TEST(story.answer("eve", "preview-card", "project/b") == Code::ok);
  BOOST_TEST(story.answer("eve", "erase-records", "project/b") == Code::no_matching_grant);
}

BOOST_AUTO_TEST_CASE(A6_a_deny_is_of_its_own_action_alone) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "print-card", "project/a"),
                     deny("bob", "preview-card", "project/a"));
  BOOST_TEST(story.answer("bob", "preview-card", "project/a") == Code::denied_by_grant);
  BOOST_TEST(story.answer("bob", "print-card", "project/a") == Code::ok);
  story.given(user("eve"), allow("eve", "print-card", "project"),
              deny("eve", "print-card", "project/a"));
  BOOST_TEST(story.answer("eve", "print-card", "project/a") == Code::denied_by_grant);
  BOOST_TEST(story.answer("eve", "preview-card", "project/a") == Code::ok);
  BOOST_TEST(story.answer("eve", "preview-card", "project") == Code::ok);
}

BOOST_AUTO_TEST_CASE(A5_what_lets_data_out_says_so) {
  const auto& catalogue = domain::default_catalogue();
  const std::string told = "endpoint/query: What it answers leaves the system.";
  for (const char* near : {"endpoint", "endpoint/query", "endpoint/query/sales", "endpoint/*"}) {
    BOOST_TEST(domain::warning_of(catalogue, near, "call") == told, near);
    BOOST_TEST(domain::warning_of(catalogue, near, "*") == told, near);
  }
  for (const char* apart : {"endpoint/orders", "endpoint/queries", "table/query"})
    BOOST_TEST(domain::warning_of(catalogue, apart, "*") == "", apart);
}

BOOST_AUTO_TEST_CASE(A5_an_action_that_warns_says_so_where_it_is_implied_too) {
  const auto made = domain::compiled(
      {{"shop", {{"read", "", {}, "Leaks."}, {.name = "sell", .implies = {"read"}}, {"hide"}}}});
  for (const char* action : {"read", "sell", "*"})
    BOOST_TEST(domain::warning_of(*made, "shop/a", action) == "read: Leaks.");
  BOOST_TEST(domain::warning_of(*made, "shop/a", "hide") == "");
}

BOOST_AUTO_TEST_SUITE_END()
