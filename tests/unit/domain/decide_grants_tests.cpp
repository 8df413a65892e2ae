#include <boost/test/unit_test.hpp>

#include "daemon/domain/access.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;
using schema::Effect;

namespace {

Expected added(std::string username, Effect effect, std::string action, std::string resource) {
  schema::GrantAddedT body;
  body.effect = effect;
  body.action = std::move(action);
  body.resource = std::move(resource);
  return about(std::move(username), std::move(body));
}

Expected removed(std::string username, std::pair<std::uint64_t, std::uint16_t> reference,
                 Effect effect, std::string action, std::string resource) {
  schema::GrantRemovedT body;
  body.grant = std::make_unique<schema::GrantReferenceT>();
  body.grant->seq = reference.first;
  body.grant->index = reference.second;
  body.effect = effect;
  body.action = std::move(action);
  body.resource = std::move(resource);
  return about(std::move(username), std::move(body));
}

schema::CommandT take_back(std::string username, Effect effect, std::string action,
                           std::string resource) {
  schema::RemoveGrantT body;
  body.effect = effect;
  body.action = std::move(action);
  body.resource = std::move(resource);
  return to(std::move(username), std::move(body));
}

const std::string longest_path = "table/" + std::string(64, 'a') + '/' + std::string(64, 'b') +
                                 '/' + std::string(64, 'c') + '/' + std::string(64, 'd') + '/' +
                                 std::string(64, 'e') + '/' + std::string(64, 'f') + '/' +
                                 std::string(64, 'g') + '/' + std::string(51, 'h');

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_grants_tests)

BOOST_AUTO_TEST_CASE(A1_nothing_is_allowed_unless_granted) {
  auto story = given(tenant("acme"), user("bob"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::no_matching_grant);
  story.when(allow("bob", "read", "table/a")).then(added("bob", Effect::allow, "read", "table/a"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::ok);
  BOOST_TEST(story.answer("bob", "write", "table/a") == Code::no_matching_grant);
  BOOST_TEST(story.answer("bob", "read", "table/b") == Code::no_matching_grant);
}

BOOST_AUTO_TEST_CASE(A1_a_deny_beats_every_allow) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "*", "table"),
                     allow("bob", "read", "table/a"), allow("bob", "read", "table/a/b"));
  story.when(deny("bob", "read", "table/a")).then(added("bob", Effect::deny, "read", "table/a"));
  BOOST_TEST(story.answer("bob", "read", "table/a/b") == Code::denied_by_grant);
  BOOST_TEST(story.answer("bob", "write", "table/a/b") == Code::ok);
}

BOOST_AUTO_TEST_CASE(A1_a_grant_ends_when_it_is_removed) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "read", "table/a"));
  const auto reference = std::pair(story.state().seq(), std::uint16_t{0});
  story.when(take_back("bob", Effect::allow, "read", "table/a"))
      .then(removed("bob", reference, Effect::allow, "read", "table/a"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::no_matching_grant);
}

BOOST_AUTO_TEST_CASE(A1_a_grant_is_named_by_the_event_that_added_it) {
  auto story = given(tenant("acme"), user("bob"));
  story.when(allow("bob", "read", "table/a"), deny("bob", "read", "table/b"),
             allow("bob", "read", "table/c"));
  const auto seq = story.state().seq();
  story
      .when(take_back("bob", Effect::allow, "read", "table/c"),
            take_back("bob", Effect::deny, "read", "table/b"))
      .then(removed("bob", {seq, 2}, Effect::allow, "read", "table/c"),
            removed("bob", {seq, 1}, Effect::deny, "read", "table/b"));
}

BOOST_AUTO_TEST_CASE(A1_exactly_one_grant_is_removed) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "read", "table/a"));
  for (const schema::CommandT& other : {take_back("bob", Effect::deny, "read", "table/a"),
                                        take_back("bob", Effect::allow, "write", "table/a"),
                                        take_back("bob", Effect::allow, "*", "table/a"),
                                        take_back("bob", Effect::allow, "read", "table"),
                                        take_back("bob", Effect::allow, "read", "table/*"),
                                        take_back("bob", Effect::allow, "read", "table/a/b")})
    story.when(other).refused(Code::grant_unknown).naming("resource");
  story.when(take_back("bob", Effect::allow, "read", "table/b"))
      .refused(Code::grant_unknown)
      .telling("allow read on 'table/b'.");
}

BOOST_AUTO_TEST_CASE(A1_the_same_grant_twice_is_refused) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "read", "table/*"));
  story.when(allow("bob", "read", "table/*")).refused(Code::grant_exists).naming("resource");
  story.when(deny("bob", "read", "table/*"), allow("bob", "*", "table/*"))
      .then(added("bob", Effect::deny, "read", "table/*"),
            added("bob", Effect::allow, "*", "table/*"));
}

BOOST_AUTO_TEST_CASE(A1_a_grant_belongs_to_one_user) {
  auto story = given(tenant("acme"), user("bob"), user("eve"), allow("bob", "read", "table"));
  BOOST_TEST(story.answer("eve", "read", "table") == Code::no_matching_grant);
  story.when(take_back("eve", Effect::allow, "read", "table")).refused(Code::grant_unknown);
}

BOOST_AUTO_TEST_CASE(A2_the_form_of_a_granted_resource) {
  BOOST_TEST(longest_path.size() == 512U);
  auto story = given(tenant("acme"), user("bob"));
  for (const std::string& good :
       {std::string("table"), std::string("table/a.b_c-d/0"), std::string("table/*"),
        std::string("table/*/*/*/*"), std::string("table/*/a/*"), longest_path,
        std::string("table/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16")})
    story.when(allow("bob", "read", good)).then(added("bob", Effect::allow, "read", good));
  for (const std::string& bad : {std::string(),
                                 std::string("/"),
                                 std::string("/table"),
                                 std::string("table/"),
                                 std::string("table//a"),
                                 std::string("Table"),
                                 std::string("table/A"),
                                 std::string("table/.a"),
                                 std::string("table/-a"),
                                 std::string("table/_a"),
                                 std::string("table/a b"),
                                 std::string("table/\xc3\xa9"),
                                 std::string("table/a\0", 8),
                                 std::string("*"),
                                 std::string("*/a"),
                                 std::string("table/**"),
                                 std::string("table/a*"),
                                 std::string("table/*a"),
                                 std::string("table/*/*/*/*/*"),
                                 std::string("table/.."),
                                 "table/" + std::string(65, 'a'),
                                 longest_path + "h",
                                 std::string("table/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17")})
    BOOST_TEST_CONTEXT(bad) {
      story.when(allow("bob", "read", bad)).refused(Code::resource_malformed).naming("resource");
    }
}

BOOST_AUTO_TEST_CASE(A2_a_star_is_every_action_of_its_kind) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "*", "table/a"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::ok);
  BOOST_TEST(story.answer("bob", "write", "table/a") == Code::ok);
  BOOST_TEST(story.answer("bob", "run", "table/a") == Code::unknown_resource);
  BOOST_TEST(story.answer("bob", "*", "table/a") == Code::unknown_resource);
}

BOOST_AUTO_TEST_CASE(A2_the_form_of_an_action) {
  auto story = given(tenant("acme"), user("bob"));
  for (const char* bad : {"", "Read", "read ", "**", "re*d", "-read", "read/write"})
    story.when(allow("bob", bad, "table")).refused(Code::field_malformed).naming("action");
}

BOOST_AUTO_TEST_CASE(A3_A4_A5_A6_every_kind_has_its_actions) {
  const std::pair<std::string, std::vector<std::string>> kinds[] = {
      {"table", {"read", "write"}},
      {"script", {"run"}},
      {"endpoint", {"call"}},
      {"project",
       {"access-producer", "add-records", "edit-records", "deactivate-records",
        "trash-delete-records", "erase-records", "capture-photo-id", "capture-signature",
        "print-card", "preview-card"}},
  };
  auto story = given(tenant("acme"), user("bob"));
  for (const auto& [kind, actions] : kinds)
    for (const std::string& action : actions) {
      story.given(allow("bob", action, kind + "/a"));
      BOOST_TEST(story.answer("bob", action, kind + "/a") == Code::ok);
    }
}

BOOST_AUTO_TEST_CASE(A7_what_the_catalogue_does_not_know_is_refused) {
  auto story = given(tenant("acme"), user("bob"));
  story.when(allow("bob", "read", "tables/a"))
      .refused(Code::unknown_resource)
      .naming("resource")
      .telling("Nearest it knows: table,");
  story.when(deny("bob", "call", "table/a"))
      .refused(Code::unknown_resource)
      .telling("Nearest it knows: read, write.");
  story.when(allow("bob", "*", "tables/a")).refused(Code::unknown_resource);
}

BOOST_AUTO_TEST_CASE(A7_a_deny_on_what_the_catalogue_does_not_list_warns_with_the_nearest) {
  schema::DefineCatalogueT define;
  auto& kind = *define.kinds.emplace_back(std::make_unique<schema::CatalogueKindT>());
  kind.name = "table";
  for (const char* path : {"table/customers", "table/customers/accounts",
                           "table/customers/accounts/email", "table/customers/accounts/ssn",
                           "table/orders"}) {
    kind.resources.emplace_back(std::make_unique<schema::CatalogueResourceT>())->path = path;
    kind.resources.back()->open = true;
  }
  auto story = given(tenant("acme"), user("bob"), command(std::move(define)));
  const auto warning = [&](const schema::CommandT& sent) {
    story.given(sent);
    return story.outcome().events.at(0).warning;
  };
  const auto told = [&](std::string_view nearest, std::string_view path) {
    return "The catalogue does not list '" + std::string(path) +
           "', so a mistyped name would deny nothing. Nearest it lists: " + std::string(nearest) +
           ".";
  };
  for (const char* listed : {"table", "table/customers", "table/customers/accounts/ssn",
                             "table/*/accounts", "table/*/*/ssn"})
    BOOST_TEST(warning(deny("bob", "read", listed)) == "", listed);
  BOOST_TEST(warning(deny("bob", "read", "table/customers/accounts/snn")) ==
             told("table/customers/accounts/ssn, table/customers/accounts/email",
                  "table/customers/accounts/snn"));
  BOOST_TEST(warning(deny("bob", "read", "table/custmers/accounts")) ==
             told("table/customers/accounts, table/orders", "table/custmers/accounts"));
  BOOST_TEST(warning(deny("bob", "read", "table/orders/total/tax")) ==
             told("table/orders", "table/orders/total/tax"));
  BOOST_TEST(warning(deny("bob", "read", "table/*/*/snn")).starts_with("The catalogue does not"));
  BOOST_TEST(warning(allow("bob", "read", "table/customers/accounts/snn")) == "");
  BOOST_TEST(warning(deny("bob", "run", "script/x")) == "", "a kind that lists nothing");
}

BOOST_AUTO_TEST_CASE(A1_an_effect_is_allow_or_deny) {
  auto story = given(tenant("acme"), user("bob"));
  for (const auto effect : {Effect::unset, static_cast<Effect>(3)}) {
    schema::CommandT command = allow("bob", "read", "table");
    command.body.AsAddGrant()->effect = effect;
    story.when(command).refused(Code::field_malformed).naming("effect");
  }
}

BOOST_AUTO_TEST_CASE(K6_a_user_holds_10000_grants_at_most) {
  auto story = given(tenant("acme"), user("bob"));
  const Uuid bob = story.user("bob").id;
  std::vector<schema::EventT> events;
  for (std::size_t count = 1; count < domain::grants_max; ++count) {
    schema::GrantAddedT body;
    body.effect = Effect::allow;
    body.action = "read";
    body.resource = "table/" + std::to_string(count);
    schema::EventT& event = events.emplace_back();
    event.user = std::make_unique<Uuid>(bob);
    event.previous_user_seq = events.size() > 1 ? story.state().seq() + 1 : story.state().seq();
    event.body.Set(std::move(body));
    if (events.size() < 100 && count + 1 < domain::grants_max) continue;
    story.given_facts(std::exchange(events, {}));
  }
  BOOST_TEST(story.user("bob").grants->size() == 9'999U);
  story.given(allow("bob", "read", "table/last"));
  story.when(allow("bob", "read", "table/over"))
      .refused(Code::too_large)
      .telling("The limit is 10000, found 10001.");
  story.when(allow("bob", "read", "table/last")).refused(Code::too_large);
  story.given(take_back("bob", Effect::allow, "read", "table/1"));
  story.when(allow("bob", "read", "table/over"))
      .then(added("bob", Effect::allow, "read", "table/over"));
}

BOOST_AUTO_TEST_CASE(K6_all_that_is_wrong_with_a_grant_is_named_together) {
  schema::CommandT command = allow("bob", "Read", "Table");
  command.body.AsAddGrant()->effect = Effect::unset;
  given(tenant("acme"), user("bob"))
      .when(command)
      .refused(Code::field_malformed, Code::field_malformed, Code::resource_malformed);
}

// ---- order

template <class Body>
std::vector<Flaw> flaws_of_form(Body* (*body)(Request&)) {
  return {{Code::field_malformed, "effect",
           [body](Request& request) { body(request)->effect = Effect::unset; }},
          {Code::field_malformed, "action",
           [body](Request& request) { body(request)->action = "Read"; }},
          {Code::resource_malformed, "resource",
           [body](Request& request) { body(request)->resource = "Table"; }}};
}

BOOST_AUTO_TEST_CASE(add_grant_refuses_in_order) {
  Request good;
  good.asker = an_operator(Role::administrator);
  good.before = {user("bob")};
  good.command = allow("bob", "read", "table/a");
  const auto body = +[](Request& request) { return request.command.body.AsAddGrant(); };
  const std::vector<Flaw> flaws = {
      {Code::unknown_resource, "resource",
       [&](Request& request) { body(request)->resource = "planet/a"; }},
      {Code::grant_exists, "resource",
       [](Request& request) { request.before.push_back(allow("bob", "read", "table/a")); }},
  };
  refuses_in_order(
      good, joined(flaws_of_a_user(Code::user_not_active), joined(flaws_of_form(body), flaws)));
}

BOOST_AUTO_TEST_CASE(remove_grant_refuses_in_order) {
  Request good;
  good.asker = an_operator(Role::administrator);
  good.before = {user("bob"), allow("bob", "read", "table/a")};
  good.command = take_back("bob", Effect::allow, "read", "table/a");
  const auto body = +[](Request& request) { return request.command.body.AsRemoveGrant(); };
  const std::vector<Flaw> flaws = {
      {Code::grant_unknown, "resource",
       [&](Request& request) { body(request)->resource = "table/b"; }},
  };
  refuses_in_order(
      good, joined(flaws_of_a_user(Code::user_not_active), joined(flaws_of_form(body), flaws)));
}

BOOST_AUTO_TEST_SUITE_END()
