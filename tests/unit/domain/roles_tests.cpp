// A8, A9: what is granted by way of roles and under conditions.
#include "daemon/domain/roles.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <random>
#include <set>
#include <tuple>

#include "daemon/domain/conditions.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;
using domain::CallFacts;
using domain::NamedRole;
using schema::Effect;

namespace {

schema::CommandT role(std::string name) {
  schema::CreateRoleT body;
  body.name = std::move(name);
  return command(std::move(body));
}

schema::CommandT delete_role(std::string name) {
  schema::DeleteRoleT body;
  body.name = std::move(name);
  return command(std::move(body));
}

schema::CommandT role_grant(Effect effect, std::string name, std::string action,
                            std::string resource) {
  schema::AddRoleGrantT body;
  body.role = std::move(name);
  body.effect = effect;
  body.action = std::move(action);
  body.resource = std::move(resource);
  return command(std::move(body));
}

schema::CommandT role_allow(std::string name, std::string resource) {
  return role_grant(Effect::allow, std::move(name), "read", std::move(resource));
}

schema::CommandT role_deny(std::string name, std::string resource) {
  return role_grant(Effect::deny, std::move(name), "read", std::move(resource));
}

template <class Body>
schema::CommandT pair(std::string outer, std::string inner) {
  Body body;
  body.role = std::move(outer);
  body.inner = std::move(inner);
  return command(std::move(body));
}
const auto nest = pair<schema::NestRoleT>;
const auto unnest = pair<schema::UnnestRoleT>;

template <class Body>
schema::CommandT held(std::string username, std::string name) {
  Body body;
  body.role = std::move(name);
  return to(std::move(username), std::move(body));
}
const auto assign = held<schema::AssignRoleT>;
const auto unassign = held<schema::UnassignRoleT>;

schema::CommandT take_back(std::string username, std::string resource) {
  schema::RemoveGrantT body;
  body.effect = Effect::allow;
  body.action = "read";
  body.resource = std::move(resource);
  return to(std::move(username), std::move(body));
}

/// The same grant with what `set` does to its conditions.
template <class Set>
schema::CommandT under(schema::CommandT grant, Set set) {
  auto conditions = std::make_unique<schema::ConditionsT>();
  set(*conditions);
  if (auto* body = grant.body.AsAddGrant()) body->conditions = std::move(conditions);
  if (auto* body = grant.body.AsAddRoleGrant()) body->conditions = std::move(conditions);
  return grant;
}

schema::CommandT over_tls(schema::CommandT grant) {
  return under(std::move(grant), [](auto& conditions) { conditions.secure_transport = true; });
}

schema::CommandT between(schema::CommandT grant, std::int64_t from, std::int64_t until) {
  return under(std::move(grant), [&](auto& conditions) {
    conditions.not_before_ns = from;
    conditions.not_after_ns = until;
  });
}

schema::CommandT from_network(schema::CommandT grant, std::string entry) {
  return under(std::move(grant), [&](auto& conditions) {
    conditions.networks = std::make_unique<schema::NetworksT>();
    conditions.networks->entries = {std::move(entry)};
  });
}

CallFacts at(std::int64_t now_ns) { return {.now_ns = now_ns}; }

CallFacts from(const char* address, bool tls = false) {
  return {.address = domain::parse_address(address), .tls = tls, .tls_told = true};
}

domain::Verdict ask(const Scenario& story, const char* username, const char* resource,
                    const CallFacts& call = {}) {
  return domain::authorize(story.tenant(), story.user(username), {"read", resource, false}, call);
}

std::string role_in(const domain::Verdict& verdict) {
  return verdict.role == nullptr ? "-" : *verdict.role;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(roles_tests)

BOOST_AUTO_TEST_CASE(A8_a_holder_may_what_the_role_may) {
  auto story = given(tenant("acme"), user("bob"), user("eve"), role("clerk"),
                     role_allow("clerk", "table/a"), assign("bob", "clerk"));
  BOOST_TEST(story.answer("bob", "read", "table/a/b") == Code::ok);
  BOOST_TEST(story.answer("eve", "read", "table/a") == Code::no_matching_grant);
  BOOST_TEST(story.user("bob").grants->size() == 0U);
  story.given(unassign("bob", "clerk"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::no_matching_grant);
}

BOOST_AUTO_TEST_CASE(A8_changing_a_role_changes_its_holders_at_once) {
  auto story = given(tenant("acme"), user("bob"), role("outer"), role("inner"),
                     nest("outer", "inner"), assign("bob", "outer"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::no_matching_grant);
  story.given(role_allow("inner", "table/a"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::ok);
  story.given(role_deny("inner", "table/a/b"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::denied_below);
  story.given(unnest("outer", "inner"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::no_matching_grant);
}

BOOST_AUTO_TEST_CASE(A8_a_role_is_never_expanded_into_its_holders) {
  auto story = given(tenant("acme"), user("bob"), role("clerk"), assign("bob", "clerk"));
  const domain::User* before = &story.user("bob");
  story.given(role_allow("clerk", "table/a"));
  BOOST_TEST(&story.user("bob") == before);
}

BOOST_AUTO_TEST_CASE(A1_a_deny_of_a_role_beats_every_allow) {
  auto story = given(tenant("acme"), user("bob"), role("clerk"), role("barred"),
                     role_allow("clerk", "table/a"), role_deny("barred", "table/a"),
                     allow("bob", "read", "table"), assign("bob", "clerk"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::ok);
  story.given(assign("bob", "barred"));
  BOOST_TEST(story.answer("bob", "read", "table/a/x") == Code::denied_by_grant);
  BOOST_TEST(story.answer("bob", "read", "table") == Code::denied_below);
  BOOST_TEST(story.answer("bob", "read", "table", true) == Code::ok);
  // The user's own deny beats what its roles allow.
  story.given(unassign("bob", "barred"), deny("bob", "read", "table/a/y"));
  BOOST_TEST(story.answer("bob", "read", "table/a/y") == Code::denied_by_grant);
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::denied_below);
}

BOOST_AUTO_TEST_CASE(A10_the_most_specific_grant_is_named_with_its_role) {
  auto story = given(tenant("acme"), user("bob"), role("outer"), role("inner"),
                     nest("outer", "inner"), role_allow("inner", "table/a/b"),
                     role_allow("outer", "table/a"), allow("bob", "read", "table"),
                     assign("bob", "outer"));
  BOOST_TEST(role_in(ask(story, "bob", "table/a/b/c")) == "inner");
  BOOST_TEST(*ask(story, "bob", "table/a/b/c").grant->resource == "table/a/b");
  BOOST_TEST(role_in(ask(story, "bob", "table/a/c")) == "outer");
  BOOST_TEST(role_in(ask(story, "bob", "table/c")) == "-");
  story.given(role_deny("inner", "table/z"));
  BOOST_TEST(role_in(ask(story, "bob", "table")) == "inner");
  BOOST_TEST(ask(story, "bob", "table").reason == Code::denied_below);
}

BOOST_AUTO_TEST_CASE(A8_a_cycle_is_refused_and_named) {
  auto story = given(tenant("acme"), role("a"), role("b"), role("c"), nest("a", "b"),
                     nest("b", "c"));
  story.when(nest("c", "a")).refused(Code::role_cycle).naming("inner").telling("c, a, b, c.");
  story.when(nest("a", "a")).refused(Code::role_cycle).telling("a, a.");
  story.when(nest("a", "b")).refused(Code::role_already_held);
  story.when(unnest("a", "c")).refused(Code::role_not_held);
  story.when(nest("a", "d")).refused(Code::role_unknown).naming("inner");
}

BOOST_AUTO_TEST_CASE(A8_roles_nest_8_deep) {
  auto story = given(tenant("acme"));
  for (int count = 0; count < 11; ++count) story.given(role("r" + std::to_string(count)));
  const auto name = [](int count) { return "r" + std::to_string(count); };
  for (int count = 0; count < 8; ++count) story.given(nest(name(count), name(count + 1)));
  story.when(nest("r8", "r9")).refused(Code::role_too_deep).telling("The limit is 8, found 9.");
  story.when(nest("r9", "r0")).refused(Code::role_too_deep);
  // Several ways to the same role are no deeper than the longest.
  story.given(nest("r0", "r8"), nest("r9", "r1"));
  story.given(role_allow("r8", "table/a"), user("bob"), assign("bob", "r0"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::ok);
  const domain::RoleReach reach(*story.tenant().roles);
  BOOST_TEST(reach.size(*domain::find_role(story.tenant(), "r0")) == 1U);
}

BOOST_AUTO_TEST_CASE(A8_a_role_that_is_held_cannot_be_deleted) {
  auto story = given(tenant("acme"), user("bob"), role("inner"), role("outer"),
                     nest("outer", "inner"), assign("bob", "outer"));
  story.when(delete_role("inner")).refused(Code::role_in_use).telling("the roles outer.");
  story.when(delete_role("outer")).refused(Code::role_in_use).telling("1 users.");
  story.given(unassign("bob", "outer"), delete_role("outer"), delete_role("inner"));
  BOOST_TEST((story.tenant().roles == nullptr));
  story.when(delete_role("inner")).refused(Code::role_unknown).naming("name");
  // The name is free again, for another role.
  story.given(role("inner"));
}

BOOST_AUTO_TEST_CASE(A8_a_deleted_user_holds_no_role_back) {
  auto story = given(tenant("acme"), user("bob"), role("clerk"), assign("bob", "clerk"),
                     to("bob", schema::TrashUserT()));
  story.when(delete_role("clerk")).refused(Code::role_in_use);
  story.given(to("bob", schema::DeleteUserT()), delete_role("clerk"));
}

BOOST_AUTO_TEST_CASE(A8_what_is_taken_back_leaves_the_count_of_holders) {
  auto story = given(tenant("acme"), user("bob"), role("clerk"));
  const domain::Uuid clerk = domain::find_role(story.tenant(), "clerk")->id;
  story.when(assign("bob", "clerk"), assign("bob", "nobody")).refused(Code::role_unknown);
  BOOST_TEST(story.state().role_holder_count(clerk) == 0U);
  story.given(assign("bob", "clerk"));
  story.when(unassign("bob", "clerk"), assign("bob", "nobody")).refused(Code::role_unknown);
  BOOST_TEST(story.state().role_holder_count(clerk) == 1U);
}

BOOST_AUTO_TEST_CASE(A8_the_form_and_the_names_of_roles) {
  auto story = given(tenant("acme"), role("clerk"), user("bob"));
  for (const char* bad : {"", "Clerk", ".a", "a b"})
    story.when(role(bad)).refused(Code::field_malformed).naming("name");
  story.when(role(std::string(64, 'a'))).refused(Code::field_malformed);
  story.when(role(std::string(63, 'a')));
  BOOST_TEST(story.outcome().recorded);
  story.when(role("clerk")).refused(Code::role_exists).naming("name");
  story.given(assign("bob", "clerk"));
  story.when(assign("bob", "clerk")).refused(Code::role_already_held);
  story.when(unassign("bob", std::string(63, 'a'))).refused(Code::role_not_held);
  story.when(assign("bob", "nobody")).refused(Code::role_unknown).naming("role");
  story.when(role_allow("nobody", "table")).refused(Code::role_unknown);
  story.when(role_allow("clerk", "planet/a")).refused(Code::unknown_resource);
  story.given(role_allow("clerk", "table/a"));
  story.when(role_allow("clerk", "table/a")).refused(Code::grant_exists);
}

BOOST_AUTO_TEST_CASE(A5_granting_what_lets_data_out_says_so) {
  auto story = given(tenant("acme"), user("bob"), role("clerk"), role("outer"));
  const auto warning = [&](const schema::CommandT& sent) {
    story.when(sent);
    BOOST_REQUIRE(story.outcome().events.size() == 1U);
    return story.outcome().events.front().warning;
  };
  const std::string told = "endpoint/query: What it answers leaves the system.";
  BOOST_TEST(warning(allow("bob", "call", "endpoint/query/sales")) == told);
  BOOST_TEST(warning(allow("bob", "*", "endpoint")) == told);
  BOOST_TEST(warning(deny("bob", "call", "endpoint/query")) == "");
  BOOST_TEST(warning(allow("bob", "call", "endpoint/orders")) == "");
  BOOST_TEST(warning(role_grant(Effect::allow, "clerk", "call", "endpoint/query")) == told);
  BOOST_TEST(warning(assign("bob", "clerk")) == told);
  BOOST_TEST(warning(nest("outer", "clerk")) == told);
  BOOST_TEST(warning(assign("bob", "outer")) == told);
}

// ---- A9

BOOST_AUTO_TEST_CASE(A9_a_grant_holds_from_one_time_until_before_another) {
  auto story = given(tenant("acme"), user("bob"), between(allow("bob", "read", "table/a"), 10, 20));
  BOOST_TEST(story.answer("bob", "read", "table/a", false, at(9)) == Code::condition_not_met);
  BOOST_TEST(story.answer("bob", "read", "table/a", false, at(10)) == Code::ok);
  BOOST_TEST(story.answer("bob", "read", "table/a", false, at(19)) == Code::ok);
  BOOST_TEST(story.answer("bob", "read", "table/a", false, at(20)) == Code::condition_not_met);
  BOOST_TEST(story.answer("bob", "read", "table/b", false, at(10)) == Code::no_matching_grant);
}

BOOST_AUTO_TEST_CASE(A9_a_grant_holds_from_its_networks_alone) {
  auto story = given(tenant("acme"), user("bob"),
                     from_network(allow("bob", "read", "table/a"), "192.0.2.0/24"));
  BOOST_TEST(story.answer("bob", "read", "table/a", false, from("192.0.2.7")) == Code::ok);
  BOOST_TEST(story.answer("bob", "read", "table/a", false, from("::ffff:192.0.2.7")) == Code::ok);
  BOOST_TEST(story.answer("bob", "read", "table/a", false, from("192.0.3.7")) ==
             Code::condition_not_met);
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::condition_not_met);
}

BOOST_AUTO_TEST_CASE(A9_a_grant_holds_over_tls_alone) {
  auto story = given(tenant("acme"), user("bob"), over_tls(allow("bob", "read", "table/a")));
  BOOST_TEST(story.answer("bob", "read", "table/a", false, from("192.0.2.7", true)) == Code::ok);
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::condition_not_met);
  const domain::Verdict verdict = ask(story, "bob", "table/a");
  BOOST_REQUIRE(verdict.conditions != nullptr);
  BOOST_TEST(verdict.conditions->secure_transport);
}

BOOST_AUTO_TEST_CASE(A9_what_another_grant_allows_needs_no_condition) {
  auto story = given(tenant("acme"), user("bob"), over_tls(allow("bob", "read", "table/a")),
                     allow("bob", "read", "table"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::ok);
  BOOST_TEST(*ask(story, "bob", "table/a").grant->resource == "table");
  BOOST_TEST(*ask(story, "bob", "table/a", from("::1", true)).grant->resource == "table/a");
}

BOOST_AUTO_TEST_CASE(A9_a_deny_denies_only_where_its_conditions_are_met) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "read", "table"),
                     between(deny("bob", "read", "table/a"), 10, 20),
                     between(deny("bob", "read", "table/*/x"), 10, 20));
  BOOST_TEST(story.answer("bob", "read", "table/a", false, at(5)) == Code::ok);
  BOOST_TEST(story.answer("bob", "read", "table/a", false, at(15)) == Code::denied_by_grant);
  BOOST_TEST(story.answer("bob", "read", "table", false, at(5)) == Code::ok);
  BOOST_TEST(story.answer("bob", "read", "table", false, at(15)) == Code::denied_below);
  BOOST_TEST(story.answer("bob", "read", "table/b", false, at(5)) == Code::ok);
  BOOST_TEST(story.answer("bob", "read", "table/b", false, at(15)) == Code::denied_below);
}

BOOST_AUTO_TEST_CASE(A9_conditions_within_roles_count_too) {
  auto story = given(tenant("acme"), user("bob"), role("outer"), role("inner"),
                     nest("outer", "inner"), over_tls(role_allow("inner", "table/a")),
                     role_allow("outer", "table/b"), assign("bob", "outer"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::condition_not_met);
  BOOST_TEST(role_in(ask(story, "bob", "table/a")) == "inner");
  BOOST_TEST(story.answer("bob", "read", "table/a", false, from("::1", true)) == Code::ok);
}

BOOST_AUTO_TEST_CASE(A9_grants_that_differ_in_conditions_alone_stand_side_by_side) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "read", "table/a"),
                     over_tls(allow("bob", "read", "table/a")));
  story.when(over_tls(allow("bob", "read", "table/a"))).refused(Code::grant_exists);
  story.when(take_back("bob", "table/a"))
      .refused(Code::grant_ambiguous)
      .naming("grant")
      .telling("4.0, 5.0.");
  schema::CommandT named = take_back("bob", "table/a");
  auto& reference = named.body.AsRemoveGrant()->grant;
  reference = std::make_unique<schema::GrantReferenceT>();
  reference->seq = 9;
  story.when(named).refused(Code::grant_unknown).naming("grant");
  reference->seq = 4;
  story.given(named);
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::condition_not_met);
  story.given(take_back("bob", "table/a"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::no_matching_grant);
  BOOST_TEST(story.user("bob").grants->conditions().empty());
}

BOOST_AUTO_TEST_CASE(A9_conditions_that_cannot_be_are_refused) {
  auto story = given(tenant("acme"), user("bob"));
  story.when(between(allow("bob", "read", "table"), 20, 20))
      .refused(Code::field_malformed)
      .naming("not_after_ns");
  story.when(from_network(allow("bob", "read", "table"), "192.0.2.300"))
      .refused(Code::field_malformed)
      .naming("networks");
  for (const Effect effect : {Effect::allow, Effect::deny}) {
    auto grant =
        effect == Effect::allow ? allow("bob", "read", "table") : deny("bob", "read", "table");
    const auto empty = [](auto& conditions) {
      conditions.networks = std::make_unique<schema::NetworksT>();
    };
    story.when(under(grant, empty)).refused(Code::field_malformed).naming("networks");
    story.given(role(effect == Effect::allow ? "a" : "b"));
    story.when(under(role_grant(effect, "a", "read", "table"), empty))
        .refused(Code::field_malformed)
        .naming("networks");
  }
  // None that are set are none.
  story.given(under(allow("bob", "read", "table"), [](auto&) {}));
  story.when(allow("bob", "read", "table")).refused(Code::grant_exists);
}

BOOST_AUTO_TEST_CASE(Q5_every_stop_of_every_holder_is_told) {
  auto story = given(tenant("acme"), user("bob"), role("barred"), role_deny("barred", "table/a"),
                     role_deny("barred", "table/a/x"), deny("bob", "read", "table/*"),
                     over_tls(allow("bob", "read", "table")), assign("bob", "barred"));
  const domain::Question question{"read", "table/a", false};
  const auto stops = domain::all_stops(&story.tenant(), &story.user("bob"), {}, &question);
  BOOST_REQUIRE(stops.size() == 4U);
  BOOST_TEST(stops[0].code == Code::denied_by_grant);
  BOOST_REQUIRE(stops[0].role != nullptr);
  BOOST_TEST(*stops[0].role == "barred");
  BOOST_TEST(stops[1].code == Code::denied_by_grant);
  BOOST_TEST((stops[1].role == nullptr));
  BOOST_TEST(stops[2].code == Code::denied_below);
  BOOST_TEST(stops[3].code == Code::condition_not_met);
  BOOST_TEST((stops[3].conditions != nullptr));
}

// ---- A9: what cannot be judged

/// What a call makes of conditions.
struct Judged {
  const char* name;
  std::function<void(schema::ConditionsT&)> conditions;
  CallFacts call;
  bool allow_holds;
  bool deny_holds;
};

std::function<void(schema::ConditionsT&)> in(std::vector<std::string> entries) {
  return [entries](schema::ConditionsT& conditions) {
    conditions.networks = std::make_unique<schema::NetworksT>();
    conditions.networks->entries = entries;
  };
}

void over_tls_alone(schema::ConditionsT& conditions) { conditions.secure_transport = true; }

std::vector<Judged> every_judgement(const domain::Providers& providers) {
  const auto call = [&](const char* address, bool tls = false, bool tls_told = true) {
    CallFacts made = from(address, tls);
    made.tls_told = tls_told;
    made.now_ns = 100;
    made.providers = &providers;
    return made;
  };
  const auto both = [](auto first, auto second) {
    return [first, second](schema::ConditionsT& conditions) {
      first(conditions);
      second(conditions);
    };
  };
  const auto until = [](std::int64_t ns) {
    return [ns](schema::ConditionsT& conditions) { conditions.not_after_ns = ns; };
  };
  const auto since = [](std::int64_t ns) {
    return [ns](schema::ConditionsT& conditions) { conditions.not_before_ns = ns; };
  };
  return {
      {"inside", in({"192.0.2.0/24"}), call("192.0.2.7"), true, true},
      {"outside", in({"192.0.2.0/24"}), call("192.0.3.7"), false, false},
      {"no address", in({"192.0.2.0/24"}), call(""), false, true},
      {"a provider unknown", in({"AWS"}), call("192.0.2.7"), false, true},
      {"a provider unknown, no address", in({"AWS"}), call(""), false, true},
      {"a provider unknown, another entry", in({"AWS", "192.0.2.0/24"}), call("192.0.2.7"), true,
       true},
      {"a provider unknown, no other entry", in({"AWS", "192.0.2.0/24"}), call("192.0.3.7"), false,
       true},
      {"a provider known, inside", in({"GOOGLE"}), call("198.51.100.9"), true, true},
      {"a provider known, outside", in({"GOOGLE"}), call("192.0.2.7"), false, false},
      {"one provider of two unknown", in({"GOOGLE", "AZURE"}), call("192.0.2.7"), false, true},
      {"over TLS", over_tls_alone, call("192.0.2.7", true), true, true},
      {"not over TLS", over_tls_alone, call("192.0.2.7"), false, false},
      {"over TLS or not", over_tls_alone, call("192.0.2.7", false, false), false, true},
      {"nothing told", both(in({"192.0.2.0/24"}), over_tls_alone), call("", false, false), false,
       true},
      {"before its time, no address", both(in({"192.0.2.0/24"}), since(101)), call(""), false,
       false},
      {"after its time, no address", both(in({"192.0.2.0/24"}), until(100)), call(""), false,
       false},
      {"in its time, no address", both(in({"192.0.2.0/24"}), both(since(100), until(101))),
       call(""), false, true},
      {"not over TLS, no address", both(in({"192.0.2.0/24"}), over_tls_alone), call(""), false,
       false},
      {"outside, over TLS or not", both(in({"192.0.2.0/24"}), over_tls_alone),
       call("192.0.3.7", false, false), false, false},
  };
}

/// GOOGLE has ranges, nobody else.
domain::Providers google_alone() {
  auto ranges = domain::make_counted<domain::ProviderRanges>();
  ranges->provider = schema::Provider::GOOGLE;
  ranges->v4 = {0xC633'6400, 0xC633'64FF};
  domain::Providers providers;
  providers[static_cast<std::size_t>(schema::Provider::GOOGLE)] = std::move(ranges);
  return providers;
}

/// Who holds the grant that is judged: bob himself, his role, a role within it.
using Holder = schema::CommandT (*)(Effect, const char* resource);
constexpr Holder every_holder[] = {
    [](Effect effect, const char* resource) {
      return effect == Effect::allow ? allow("bob", "read", resource)
                                     : deny("bob", "read", resource);
    },
    [](Effect effect, const char* resource) {
      return role_grant(effect, "outer", "read", resource);
    },
    [](Effect effect, const char* resource) {
      return role_grant(effect, "inner", "read", resource);
    },
};

Scenario with_holders() {
  return given(tenant("acme"), user("bob"), role("outer"), role("inner"), nest("outer", "inner"),
               assign("bob", "outer"));
}

BOOST_AUTO_TEST_CASE(A9_what_cannot_be_judged_counts_against_the_caller) {
  const domain::Providers providers = google_alone();
  for (const Judged& row : every_judgement(providers))
    for (const Holder& holder : every_holder) {
      BOOST_TEST_CONTEXT(row.name << ", holder " << &holder - every_holder) {
        auto allowed = with_holders();
        allowed.given(under(holder(Effect::allow, "table/x"), row.conditions));
        BOOST_TEST(allowed.answer("bob", "read", "table/x/y", false, row.call) ==
                   (row.allow_holds ? Code::ok : Code::condition_not_met));
        for (const char* place : {"table/x/y", "table/*/y"}) {
          auto denied = with_holders();
          denied.given(allow("bob", "read", "table"),
                       under(holder(Effect::deny, place), row.conditions));
          const auto answer = [&](const char* resource, bool this_level_only = false) {
            return denied.answer("bob", "read", resource, this_level_only, row.call);
          };
          const Code here = row.deny_holds ? Code::denied_by_grant : Code::ok;
          const Code above = row.deny_holds ? Code::denied_below : Code::ok;
          BOOST_TEST(answer("table/x/y") == here);
          BOOST_TEST(answer("table/x/y/z") == here);
          BOOST_TEST(answer("table/x/y", true) == here);
          BOOST_TEST(answer("table/x") == above);
          BOOST_TEST(answer("table") == above);
          BOOST_TEST(answer("table/x", true) == Code::ok);
        }
      }
    }
}

BOOST_AUTO_TEST_CASE(A9_an_explanation_says_which_fact_was_missing) {
  const domain::Providers providers = google_alone();
  CallFacts call;
  call.providers = &providers;
  const auto told = [&](const std::function<void(schema::ConditionsT&)>& set) {
    auto story = given(tenant("acme"), user("bob"),
                       under(deny("bob", "read", "table"), set));
    const domain::Question question{"read", "table", false};
    const auto stops =
        domain::all_stops(&story.tenant(), &story.user("bob"), call, &question);
    BOOST_REQUIRE(stops.front().conditions != nullptr);
    std::string text;
    for (const auto& part : domain::parts_told(*stops.front().conditions, true, call)) text += part;
    return text;
  };
  BOOST_TEST(told(in({"192.0.2.0/24"})).contains("names no address"));
  BOOST_TEST(told(over_tls_alone).contains("TLS"));
  call = from("192.0.2.7", true);
  call.providers = &providers;
  BOOST_TEST(told(in({"AWS", "AZURE"})).contains("No ranges of AWS, AZURE are known"));
  BOOST_TEST(told(in({"192.0.2.0/24"})) == "");
}

BOOST_AUTO_TEST_CASE(A9_a_grant_whose_time_is_over_is_warned_about) {
  auto story = with_holders();
  const std::int64_t now_ns = story.world().now_ns();
  for (const Holder& holder : every_holder)
    for (const Effect effect : {Effect::allow, Effect::deny}) {
      const auto warning = [&](std::int64_t until_ns, const char* resource) {
        story.when(under(holder(effect, resource),
                         [&](auto& conditions) { conditions.not_after_ns = until_ns; }));
        BOOST_REQUIRE(story.outcome().events.size() == 1U);
        return story.outcome().events.front().warning;
      };
      BOOST_TEST(warning(now_ns - 1, "table/past").contains("it never holds"));
      BOOST_TEST(warning(now_ns + 1'000'000'000'000, "table/coming") == "");
    }
}

// ---- A10

BOOST_AUTO_TEST_CASE(A10_of_several_denies_the_first_in_the_order_of_paths_is_named_by_all) {
  auto story = with_holders();
  story.given(allow("bob", "read", "table"), deny("bob", "read", "table/a/b"),
              role_deny("inner", "table/a"), deny("bob", "read", "table/*/b"),
              role_deny("outer", "table/*"), role_deny("outer", "table/a/b/c"),
              deny("bob", "read", "table/a/b/d"));
  const std::tuple<const char*, const char*, const char*> named[] = {
      {"table/a/b", "table/a", "inner"}, {"table/a/b/c", "table/a", "inner"},
      {"table/z/b", "table/*", "outer"}, {"table", "table/a", "inner"},
      {"table/a", "table/a", "inner"},
  };
  for (const auto& [resource, by, of] : named) {
    const domain::Verdict verdict = ask(story, "bob", resource);
    const domain::Question question{"read", resource, false};
    const auto stops = domain::all_stops(&story.tenant(), &story.user("bob"), {}, &question);
    BOOST_TEST(*verdict.grant->resource == by, resource);
    BOOST_TEST(role_in(verdict) == of, resource);
    BOOST_TEST((stops.front().grant == verdict.grant && stops.front().role == verdict.role),
               resource);
    BOOST_TEST(stops.front().code == verdict.reason);
  }
}

BOOST_AUTO_TEST_CASE(C8_outside_a_keys_part_no_allow_counts_met_or_not) {
  auto story = given(tenant("acme"), user("bob"), over_tls(allow("bob", "read", "table/a")),
                     deny("bob", "read", "table/d"));
  const std::vector<domain::Narrowing> parts = {{"read", "table/b"}};
  for (const bool tls : {false, true}) {
    const auto answer = [&](const char* resource) {
      return domain::authorize(story.tenant(), story.user("bob"), {"read", resource, false},
                               from("::1", tls), parts)
          .reason;
    };
    BOOST_TEST(answer("table/a") == Code::no_matching_grant);
    BOOST_TEST(answer("table/b") == Code::no_matching_grant);
    BOOST_TEST(answer("table/d") == Code::denied_by_grant);
  }
}

// ---- random nests

BOOST_AUTO_TEST_CASE(A8_a_compiled_role_answers_as_all_its_grants_would) {
  constexpr int role_count = 7;
  const char* places[] = {"table", "table/a", "table/a/b", "table/*/b", "table/c", "table/a-b"};
  std::set<Code> seen;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](std::size_t count) { return random() % count; };
    const auto name = [](std::size_t number) { return "r" + std::to_string(number); };
    auto story = given(tenant("acme"), user("bob"), user("naive"));
    for (std::size_t number = 0; number < role_count; ++number) story.given(role(name(number)));
    for (int count = 0; count < 14; ++count) story.when(nest(name(below(7)), name(below(7))));
    for (int count = 0; count < 10; ++count)
      story.when(role_grant(below(4) == 0 ? Effect::deny : Effect::allow, name(below(7)), "read",
                            places[below(std::size(places))]));
    for (int count = 0; count < 3; ++count) story.when(unnest(name(below(7)), name(below(7))));
    for (int count = 0; count < 2; ++count) story.when(assign("bob", name(below(7))));
    // The naive user has all of it as grants of its own.
    for (const domain::RoleHeld& has : domain::extras_of(story.user("bob")).roles) {
      const NamedRole* outer = domain::find_role(story.tenant(), has.role);
      for (const NamedRole* part : domain::roles_within(*story.tenant().roles, *outer))
        for (const domain::Grant& grant : part->grants->sorted())
          story.when(grant.deny ? deny("naive", "read", *grant.resource)
                                : allow("naive", "read", *grant.resource));
    }
    for (const char* place : {"table", "table/a", "table/a/b", "table/c", "table/c/b", "table/d"})
      for (const bool this_level_only : {false, true}) {
        const Code code = story.answer("bob", "read", place, this_level_only);
        BOOST_TEST(code == story.answer("naive", "read", place, this_level_only),
                   "seed " << seed << ", " << place);
        seen.insert(code);
      }
  }
  BOOST_TEST(seen.size() == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
