// H2: what can be done after that could not before, or no more.
#include "daemon/domain/use.h"
#include "tests/unit/view/moments.h"

using namespace postern;
using namespace postern::support;
using schema::AccessChange;

namespace {

schema::CommandT unassign(std::string username, std::string name) {
  schema::UnassignRoleT body;
  body.role = std::move(name);
  return to(std::move(username), std::move(body));
}

schema::CommandT revoke(std::string username, const domain::Grant& grant) {
  schema::RemoveGrantT body;
  body.effect = grant.effect();
  body.action = *grant.action;
  body.resource = *grant.resource;
  return to(std::move(username), std::move(body));
}

/// "gained read table/a by 12"
std::string text_of(const schema::DifferenceLineT& line) {
  constexpr const char* changes[] = {"gained", "lost", "changed"};
  std::string text = changes[static_cast<std::size_t>(line.change)];
  text += " " + line.action + " " + (line.resource.empty() ? "everything" : line.resource);
  for (const std::string& place : line.except) text += " but " + place;
  if (line.caused_by != nullptr) text += " by " + std::to_string(line.caused_by->seq);
  if (line.user_count != 1) text += " for " + std::to_string(line.user_count);
  return text;
}

struct Acme : Moments {
  Acme()
      : Moments(given(tenant("acme"), user("alice"), user("bob"), role("clerk"),
                      role_grant(schema::Effect::allow, "clerk", "read", "table/stock"),
                      assign("alice", "clerk"), assign("bob", "clerk"),
                      allow("bob", "read", "table/customer"),
                      add_operator("other", Role::owner, 9, {"acme"}))) {}

  std::vector<std::string> told(const view::DifferenceScope& scope = {"acme"}) {
    std::vector<std::string> texts;
    for (const auto& line : lines(scope)) texts.push_back(text_of(line));
    return texts;
  }
  std::string by() const { return " by " + std::to_string(story.state().seq()); }
};

using Texts = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(difference_tests, Acme)

BOOST_AUTO_TEST_CASE(H2_nothing_differs_where_nothing_was_done) {
  BOOST_TEST(told() == Texts());
  story.given(reset("bob", "Str0ng-Key-7711"));
  BOOST_TEST(told() == Texts());
}

BOOST_AUTO_TEST_CASE(H2_what_is_granted_is_gained_with_who_when_and_why) {
  story.given(allow("bob", "write", "table/customer"));
  const auto made = lines();
  BOOST_REQUIRE_EQUAL(made.size(), 1);
  BOOST_TEST(text_of(made[0]) == "gained write table/customer" + by());
  BOOST_TEST(made[0].username == "bob");
  BOOST_TEST(made[0].before == Code::no_matching_grant);
  BOOST_TEST(made[0].after == Code::ok);
  BOOST_TEST(made[0].caused_by->operator_name == "root");
  BOOST_TEST(made[0].caused_by->reason == "reason " + std::to_string(story.state().seq()));
  BOOST_TEST(made[0].caused_by->time_ns == static_cast<std::int64_t>(story.state().seq()) * 1'000);
  BOOST_TEST(made[0].grant->reference->seq == story.state().seq());
}

BOOST_AUTO_TEST_CASE(H2_what_is_revoked_is_lost_by_the_record_that_revoked_it) {
  story.given(revoke("bob", *story.user("bob").grants->sorted().begin()));
  BOOST_TEST(told() == Texts{"lost read table/customer" + by()});
}

BOOST_AUTO_TEST_CASE(H2_what_is_granted_and_revoked_in_between_makes_no_difference) {
  story.given(allow("bob", "write", "table/customer"));
  schema::RemoveGrantT body;
  body.effect = schema::Effect::allow;
  body.action = "write";
  body.resource = "table/customer";
  story.given(to("bob", std::move(body)));
  BOOST_TEST(told() == Texts());
}

BOOST_AUTO_TEST_CASE(H2_a_grant_that_another_covers_makes_no_difference) {
  story.given(allow("bob", "read", "table/customer/name"));
  BOOST_TEST(told() == Texts());
}

BOOST_AUTO_TEST_CASE(H2_a_branch_is_one_line_with_what_it_does_not_hold_for) {
  story.given(deny("bob", "read", "table/customer/secret"),
              allow("bob", "read", "table/customer/open"));
  mark();
  story.given(revoke("bob", *story.user("bob").grants->sorted().begin()));
  // `open` stays granted by its own grant.
  const std::string revoked = by();
  BOOST_TEST(told() == Texts{"lost read table/customer but table/customer/open but "
                             "table/customer/secret" +
                             revoked});
}

BOOST_AUTO_TEST_CASE(H2_every_action_of_a_kind_is_one_line) {
  story.given(allow("bob", "*", "table/tree"));
  BOOST_TEST(told() == Texts{"gained * table/tree" + by()});
}

BOOST_AUTO_TEST_CASE(H2_a_deny_takes_away_what_lies_below_it) {
  story.given(deny("bob", "*", "table/customer/name"));
  BOOST_TEST(told() == Texts{"lost read table/customer/name" + by()});
  BOOST_TEST(lines()[0].after == Code::denied_by_grant);
}

BOOST_AUTO_TEST_CASE(H2_a_star_differs_where_no_other_grant_says_otherwise) {
  story.given(deny("bob", "read", "table/staff"));
  mark();
  story.given(allow("bob", "read", "table/*/name"));
  // Of `customer` and, by its role, of `stock` it was granted before.
  BOOST_TEST(told() == Texts{"gained read table/*/name but table/customer/name but "
                             "table/staff/name but table/stock/name" +
                             by()});
}

BOOST_AUTO_TEST_CASE(H2_what_a_role_does_to_many_is_one_line_with_a_count) {
  story.given(role_grant(schema::Effect::allow, "clerk", "write", "table/stock"));
  BOOST_TEST(told() == Texts{"gained write table/stock" + by() + " for 2"});
  const auto made = lines();
  BOOST_TEST(made[0].grant->role == "clerk");
  BOOST_TEST((made[0].user == nullptr));
  view::DifferenceScope unfolded{"acme"};
  unfolded.unfold = true;
  const auto each = lines(unfolded);
  BOOST_REQUIRE_EQUAL(each.size(), 2);
  BOOST_TEST(each[0].username == "alice");
  BOOST_TEST(each[1].username == "bob");
}

BOOST_AUTO_TEST_CASE(H2_a_role_taken_away_or_given_names_the_record_that_did) {
  story.given(unassign("bob", "clerk"));
  BOOST_TEST(told() == Texts{"lost read table/stock" + by()});
  mark();
  story.given(assign("bob", "clerk"));
  BOOST_TEST(told() == Texts{"gained read table/stock" + by()});
}

BOOST_AUTO_TEST_CASE(H2_a_role_put_into_another_names_that_record) {
  story.given(role("boss"), role_grant(schema::Effect::allow, "boss", "write", "table/stock"));
  mark();
  story.given(nest("clerk", "boss"));
  BOOST_TEST(told() == Texts{"gained write table/stock" + by() + " for 2"});
}

BOOST_AUTO_TEST_CASE(H2_who_is_disabled_loses_everything_in_one_line) {
  story.given(to("bob", schema::DisableUserT()));
  const std::string disabled = by();
  story.given(allow("bob", "write", "table/customer"));
  BOOST_TEST(told() == Texts{"lost * everything" + disabled});
  mark();
  story.given(to("bob", schema::EnableUserT()));
  BOOST_TEST(told() == Texts{"gained * everything" + by()});
  BOOST_TEST(lines()[0].before == Code::user_not_active);
}

BOOST_AUTO_TEST_CASE(H2_a_disabled_tenant_is_one_line_for_all_its_users) {
  story.given(command(schema::DisableTenantT()));
  BOOST_TEST(told() == Texts{"lost * everything" + by() + " for 2"});
}

BOOST_AUTO_TEST_CASE(H2_a_lock_that_was_opened_names_the_record) {
  story.given(to("bob", schema::LockUserT()));
  mark();
  story.given(to("bob", schema::UnlockUserT()));
  BOOST_TEST(told() == Texts{"gained * everything" + by()});
}

BOOST_AUTO_TEST_CASE(H2_a_new_user_gains_what_it_is_granted) {
  story.given(user("carol"), allow("carol", "run", "script/nightly"));
  BOOST_TEST(told() == Texts{"gained run script/nightly" + by()});
  BOOST_TEST(lines()[0].before == Code::user_unknown);
}

BOOST_AUTO_TEST_CASE(H2_a_grant_that_ends_by_itself_is_lost_to_no_record) {
  schema::AddGrantT body;
  body.effect = schema::Effect::allow;
  body.action = "write";
  body.resource = "table/customer";
  body.conditions = std::make_unique<schema::ConditionsT>();
  body.conditions->not_after_ns = story.world().now_ns() + 10'000'000'000;
  story.given(to("bob", std::move(body)));
  mark();
  story.world().pass(20'000'000'000);
  const auto made = lines();
  BOOST_REQUIRE_EQUAL(made.size(), 1);
  BOOST_TEST(text_of(made[0]) == "lost write table/customer");
  BOOST_TEST(made[0].after == Code::condition_not_met);
}

BOOST_AUTO_TEST_CASE(H2_conditions_that_differ_are_told) {
  const auto from = [](std::string network) {
    schema::AddGrantT body;
    body.effect = schema::Effect::allow;
    body.action = "write";
    body.resource = "table/customer";
    body.conditions = std::make_unique<schema::ConditionsT>();
    body.conditions->networks = std::make_unique<schema::NetworksT>();
    body.conditions->networks->entries = {std::move(network)};
    return to("bob", std::move(body));
  };
  story.given(from("10.0.0.0/8"));
  mark();
  schema::RemoveGrantT removed;
  removed.effect = schema::Effect::allow;
  removed.action = "write";
  removed.resource = "table/customer";
  story.given(to("bob", std::move(removed)), from("192.168.0.0/16"));
  BOOST_TEST(told() == Texts{"changed write table/customer" + by()});
}

BOOST_AUTO_TEST_CASE(H2_what_was_used_since_is_told) {
  story.given(allow("bob", "write", "table/customer"));
  schema::UserUsedT used;
  used.use = std::make_unique<schema::UseT>();
  auto& grant = used.use->grants.emplace_back(std::make_unique<schema::UseOfGrantT>());
  grant->grant = std::make_unique<schema::GrantReferenceT>();
  for (const domain::Grant& each : story.user("bob").grants->sorted())
    if (*each.action == "write") grant->grant->seq = each.seq;
  grant->last_ns = 77'000;
  grant->count = 5;
  schema::EventT event;
  event.user = std::make_unique<Uuid>(story.user("bob").id);
  event.previous_user_seq = story.user("bob").last_seq;
  event.body.Set(std::move(used));
  story.given_facts({event});
  const auto made = lines();
  BOOST_REQUIRE_EQUAL(made.size(), 1);
  BOOST_TEST(made[0].last_used_ns == 77'000);
  BOOST_TEST(made[0].use_count == 5);
  BOOST_TEST(made[0].used_since);
}

BOOST_AUTO_TEST_CASE(H2_of_one_user_by_the_name_it_had_or_has) {
  story.given(allow("bob", "write", "table/customer"), allow("alice", "run", "script/x"));
  schema::RenameUserT body;
  body.username = "robert";
  story.given(to("bob", std::move(body)));
  for (const char* name : {"bob", "robert"}) {
    const auto made = told({"acme", name});
    BOOST_REQUIRE_EQUAL(made.size(), 1);
    BOOST_TEST(made[0].starts_with("gained write table/customer"));
  }
  BOOST_TEST((asked({"acme", "nobody"}).error().code == Code::user_unknown));
}

BOOST_AUTO_TEST_CASE(O2_another_tenants_differences_are_as_if_there_was_none) {
  story.given(tenant("zenith"));
  BOOST_TEST((asked({"zenith"}, "other").error().code == Code::tenant_unknown));
  BOOST_TEST((asked({"nowhere"}).error().code == Code::tenant_unknown));
  BOOST_TEST(asked({"acme"}, "other").has_value());
}

BOOST_AUTO_TEST_CASE(H2_what_takes_too_long_is_refused) {
  story.given(role_grant(schema::Effect::allow, "clerk", "write", "table/stock"));
  view::DifferenceScope scope{"acme"};
  scope.work_max = 1;
  BOOST_TEST((asked(scope).error().code == Code::too_large));
}

BOOST_AUTO_TEST_SUITE_END()
