#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>

#include "daemon/domain/authorize.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;
using domain::CallFacts;
using domain::Question;
using domain::Stop;

namespace {

constexpr CallFacts by_program{};
constexpr CallFacts interactive{true};

std::vector<Code> codes_of(const std::vector<Stop>& stops) {
  std::vector<Code> codes;
  for (const Stop& stop : stops) codes.push_back(stop.code);
  return codes;
}

/// A user whom everything stops, and the records that did it.
Scenario stopped_user() {
  schema::SetApiAccessT off;
  auto story = given(tenant("acme"), user("bob", "s3cret-enough"));
  for (int count = 0; count < 5; ++count) story.given(attempt("bob", false));
  story.given(to("bob", schema::LockUserT()), to("bob", schema::DisableUserT()), to("bob", off),
              deny("bob", "read", "table/a"), deny("bob", "read", "table/*/c"),
              command(schema::DisableTenantT()));
  return story;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(authorize_tests)

BOOST_AUTO_TEST_CASE(Q5_every_stop_is_told_in_the_order_of_refusal) {
  auto story = stopped_user();
  const domain::Tenant& acme = story.tenant();
  const domain::User& bob = story.user("bob");
  const Question question{"read", "table/a", false};
  const std::vector<Stop> stops = domain::all_stops(&acme, &bob, interactive, &question);
  const std::vector<Code> expected = {Code::tenant_disabled,
                                      Code::interactive_not_allowed,
                                      Code::user_locked,
                                      Code::user_locked,
                                      Code::user_locked,
                                      Code::user_not_active,
                                      Code::api_access_not_allowed,
                                      Code::denied_by_grant,
                                      Code::denied_below,
                                      Code::no_matching_grant};
  BOOST_TEST(codes_of(stops) == expected, boost::test_tools::per_element());
  const std::vector<domain::Seq> causes = {acme.disabled_seq,
                                           0,
                                           domain::extras_of(bob).passwords_lock_seq,
                                           acme.disabled_seq,
                                           domain::extras_of(bob).operator_lock_seq,
                                           domain::marks_of(bob).status_seq,
                                           domain::marks_of(bob).api_access_seq,
                                           12,
                                           13,
                                           0};
  for (std::size_t place = 0; place < causes.size(); ++place)
    BOOST_TEST(stops[place].seq == causes[place], "cause of stop " << place);
  BOOST_TEST(*stops[7].grant->resource == "table/a");
  BOOST_TEST(*stops[8].grant->resource == "table/*/c");
}

BOOST_AUTO_TEST_CASE(the_first_stop_that_applies_is_the_reason) {
  auto story = stopped_user();
  const domain::Tenant disabled = story.tenant();
  domain::Tenant acme = disabled;
  domain::User bob = story.user("bob");
  const auto open = [&](auto lock) {
    auto extras = domain::make_counted<domain::UserExtras>(domain::extras_of(bob));
    (*extras).*lock = 0;
    bob.extras = std::move(extras);
  };
  const auto first = [&](const CallFacts& call) {
    return domain::first_stop_before_credential(&acme, &bob, call).code;
  };
  BOOST_TEST(domain::first_stop_before_credential(nullptr, nullptr, by_program).code ==
             Code::tenant_unknown);
  BOOST_TEST(domain::first_stop_before_credential(&acme, nullptr, interactive).code ==
             Code::invalid_credentials);
  BOOST_TEST(first(interactive) == Code::tenant_disabled);
  acme.enabled = true;
  BOOST_TEST(first(interactive) == Code::interactive_not_allowed);
  BOOST_TEST(first(by_program) == Code::user_locked);
  open(&domain::UserExtras::passwords_lock_seq);
  BOOST_TEST(first(by_program) == Code::user_locked);
  acme.disabled_seq = 0;
  BOOST_TEST(first(by_program) == Code::user_locked);
  open(&domain::UserExtras::operator_lock_seq);
  BOOST_TEST(first(by_program) == Code::user_not_active);
  bob.status = UserStatus::active;
  BOOST_TEST(first(by_program) == Code::api_access_not_allowed);
  bob.api_access = true;
  BOOST_TEST(first(by_program) == Code::ok);
}

BOOST_AUTO_TEST_CASE(U5_only_active_users_act) {
  auto story = given(tenant("acme"), user("bob"));
  domain::User bob = story.user("bob");
  for (const UserStatus status : {UserStatus::new_user, UserStatus::inactive, UserStatus::trashed,
                                  UserStatus::deleted, UserStatus::unset}) {
    bob.status = status;
    BOOST_TEST(domain::first_stop_before_credential(&story.tenant(), &bob, by_program).code ==
               Code::user_not_active);
  }
}

BOOST_AUTO_TEST_CASE(U10_no_interactive_access_ever) {
  auto story = given(tenant("acme"), user("bob", "s3cret-enough"), allow("bob", "*", "table"));
  BOOST_TEST(
      domain::first_stop_before_credential(&story.tenant(), &story.user("bob"), interactive).code ==
      Code::interactive_not_allowed);
  BOOST_TEST(
      domain::first_stop_before_credential(&story.tenant(), &story.user("bob"), by_program).code ==
      Code::ok);
}

BOOST_AUTO_TEST_CASE(a_question_stops_in_the_order_of_refusal) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "*", "table"),
                     deny("bob", "read", "table/a"), deny("bob", "read", "table/b/c"));
  BOOST_TEST(story.answer("bob", "read", "Table/a") == Code::resource_malformed);
  BOOST_TEST(story.answer("bob", "fly", "Table/a") == Code::resource_malformed);
  BOOST_TEST(story.answer("bob", "fly", "table/a") == Code::unknown_resource);
  BOOST_TEST(story.answer("bob", "read", "planet/a") == Code::unknown_resource);
  BOOST_TEST(story.answer("bob", "", "table/a") == Code::unknown_resource);
  BOOST_TEST(story.answer("bob", "read", "table/*") == Code::resource_malformed);
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::denied_by_grant);
  BOOST_TEST(story.answer("bob", "read", "table/b") == Code::denied_below);
  BOOST_TEST(story.answer("bob", "read", "table") == Code::denied_below);
  BOOST_TEST(story.answer("bob", "run", "script/a") == Code::no_matching_grant);
  BOOST_TEST(story.answer("bob", "read", "table/d") == Code::ok);
}

BOOST_AUTO_TEST_CASE(A3_a_field_is_denied_under_an_allowed_table) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "read", "table/customers/orders"),
                     deny("bob", "read", "table/customers/orders/card"));
  const char* table = "table/customers/orders";
  BOOST_TEST(story.answer("bob", "read", table) == Code::denied_below);
  BOOST_TEST(story.answer("bob", "read", table, true) == Code::ok);
  BOOST_TEST(story.answer("bob", "read", "table/customers/orders/name") == Code::ok);
  BOOST_TEST(story.answer("bob", "read", "table/customers/orders/card") == Code::denied_by_grant);
  BOOST_TEST(story.answer("bob", "read", "table/customers/orders/card", true) ==
             Code::denied_by_grant);
  BOOST_TEST(story.answer("bob", "read", "table/customers") == Code::denied_below);
  BOOST_TEST(story.answer("bob", "read", "table/customers", true) == Code::no_matching_grant);
  BOOST_TEST(story.answer("bob", "write", table) == Code::no_matching_grant);
}

BOOST_AUTO_TEST_CASE(A4_a_script_is_run_script_by_script) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "run", "script/nightly-sync"));
  BOOST_TEST(story.answer("bob", "run", "script/nightly-sync") == Code::ok);
  BOOST_TEST(story.answer("bob", "run", "script/rebuild-tree") == Code::no_matching_grant);
  BOOST_TEST(story.answer("bob", "run", "script", true) == Code::no_matching_grant);
  BOOST_TEST(story.answer("bob", "read", "script/nightly-sync") == Code::unknown_resource);
}

BOOST_AUTO_TEST_CASE(A10_many_questions_are_decided_as_each_alone) {
  constexpr std::uint64_t seed = 10;
  std::mt19937_64 random(seed);
  const auto below = [&](std::size_t end) { return random() % end; };
  const auto path = [&] {
    std::string made = "table";
    for (std::size_t more = below(4); more > 0; --more) made += "/" + std::to_string(below(4));
    return made;
  };
  // None, one, what lies in one part, and in several.
  for (const std::size_t held : {0U, 1U, 20U, 250U, 300U}) {
    auto story = given(tenant("acme"), user("bob"));
    while (story.user("bob").grants->size() < held) {
      // None of all tables, which would decide everything.
      std::string resource = path() + "/" + std::to_string(below(4));
      if (below(8) == 0) resource += "/*";
      const char* action = below(2) == 0 ? "read" : "write";
      const bool denies = below(6) == 0;
      if (!domain::find_grants(*story.user("bob").grants,
                               denies ? schema::Effect::deny : schema::Effect::allow, action,
                               resource)
               .empty())
        continue;
      story.given(denies ? deny("bob", action, resource) : allow("bob", action, resource));
    }
    std::map<Code, int> reasons;
    for (int round = 0; round < 500; ++round)
      ++reasons[story.answer("bob", below(2) == 0 ? "read" : "write", path(), below(4) == 0)];
    BOOST_TEST(reasons.size() >= (held < 20 ? 1U : 3U), held << " grants");
  }
}

BOOST_AUTO_TEST_CASE(A10_a_decision_names_the_grant_that_decided) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "read", "table"));
  story.when(allow("bob", "write", "table/a"), allow("bob", "read", "table/a"),
             deny("bob", "read", "table/a/b"));
  const auto seq = story.state().seq();
  const auto ask = [&](const char* resource) {
    return domain::authorize(story.tenant(), story.user("bob"), {"read", resource, false}, {});
  };
  const domain::Verdict allowed = ask("table/a/c");
  BOOST_TEST(allowed.allowed());
  BOOST_REQUIRE(allowed.grant != nullptr);
  BOOST_TEST(allowed.grant->seq == seq);
  BOOST_TEST(allowed.grant->index == 1U);
  const domain::Verdict denied = ask("table/a/b/x");
  BOOST_TEST(denied.reason == Code::denied_by_grant);
  BOOST_REQUIRE(denied.grant != nullptr);
  BOOST_TEST(denied.grant->index == 2U);
  const domain::Verdict below = ask("table");
  BOOST_TEST(below.reason == Code::denied_below);
  BOOST_REQUIRE(below.grant != nullptr);
  BOOST_TEST(*below.grant->resource == "table/a/b");
  BOOST_TEST((ask("script/a").grant == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()
