// T4: policies, their bounds, and that a change is not retroactive.
#include <boost/test/unit_test.hpp>
#include <functional>

#include "schema/cleared_text.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;

namespace {

using Changes = schema::PolicyChangesT;

schema::CommandT set(const std::function<void(Changes&)>& make, std::string display_name = {}) {
  schema::SetTenantT body;
  body.display_name = std::move(display_name);
  body.policies = std::make_unique<Changes>();
  make(*body.policies);
  return command(std::move(body));
}

std::unique_ptr<schema::NetworksT> networks(std::vector<std::string> entries) {
  auto made = std::make_unique<schema::NetworksT>();
  made->entries = std::move(entries);
  return made;
}

/// Every policy at another value than its default.
void change_all(Changes& changes) {
  changes.password_length_min = 12;
  changes.password_needs_digit_or_symbol = false;
  changes.password_forbidden_characters = "&é";
  changes.lockout_failures = 7;
  changes.imported_hash_days = 30;
  changes.direct_deletion = true;
  changes.new_user_status = UserStatus::new_user;
  changes.new_user_api_access = false;
  changes.tell_reasons = true;
  changes.username_generated = true;
  changes.username_fixed = true;
  changes.username_domain = "users.example";
  changes.username_prefix = "API_";
  changes.username_prefix_rule = schema::PrefixRule::warn;
  changes.session_timeout_seconds = 60;
  changes.session_seconds_max = 2'592'000;
  changes.lock_seconds = 900;
  changes.same_wrong_password_counts_once = true;
  changes.lock_closes_password_only = true;
  changes.networks = networks({"10.0.0.0/8", "2001:db8::/32"});
  changes.user_networks_mandatory = true;
  changes.secure_transport_required = true;
  changes.signatures_required = true;
}

schema::PoliciesT all_changed() {
  schema::PoliciesT policies;
  policies.password_length_min = 12;
  policies.password_needs_digit_or_symbol = false;
  policies.password_forbidden_characters = "&é";
  policies.lockout_failures = 7;
  policies.imported_hash_days = 30;
  policies.direct_deletion = true;
  policies.new_user_status = UserStatus::new_user;
  policies.new_user_api_access = false;
  policies.tell_reasons = true;
  policies.username_generated = true;
  policies.username_fixed = true;
  policies.username_domain = "users.example";
  policies.username_prefix = "API_";
  policies.username_prefix_rule = schema::PrefixRule::warn;
  policies.session_timeout_seconds = 60;
  policies.session_seconds_max = 2'592'000;
  policies.lock_seconds = 900;
  policies.same_wrong_password_counts_once = true;
  policies.lock_closes_password_only = true;
  policies.networks = networks({"10.0.0.0/8", "2001:db8::/32"});
  policies.user_networks_mandatory = true;
  policies.secure_transport_required = true;
  policies.signatures_required = true;
  return policies;
}

schema::TenantChangedT changed(std::string name, schema::PoliciesT policies) {
  schema::TenantChangedT body;
  body.display_name = std::move(name);
  body.policies = std::make_unique<schema::PoliciesT>(std::move(policies));
  return body;
}

const schema::CommandT set_nothing = set([](Changes&) {});

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_policies_tests)

BOOST_AUTO_TEST_CASE(T4_every_policy_has_a_command) {
  auto story = given(tenant("acme"));
  story.when(set(change_all)).then(event(changed("acme", all_changed())));
  BOOST_TEST((story.tenant().policies == all_changed()));
  BOOST_TEST(story.tenant().policies_seq == story.state().seq());
  BOOST_REQUIRE(story.tenant().networks != nullptr);
  BOOST_TEST(story.tenant().networks->ranges.size() == 2U);
}

BOOST_AUTO_TEST_CASE(T4_what_is_absent_stays) {
  auto story = given(tenant("acme"), set(change_all));
  schema::PoliciesT expected = all_changed();
  expected.lockout_failures = 9;
  story.when(set([](Changes& changes) { changes.lockout_failures = 9; }))
      .then(event(changed("acme", expected)));
  story.when(set([](Changes&) {}, "Acme Ltd")).then(event(changed("Acme Ltd", expected)));
  BOOST_TEST(story.tenant().display_name == "Acme Ltd");
}

/// A policy that its name in `cleared` makes false, 0 or empty.
bool is_clearable(std::string_view field) {
  for (const std::string_view bounded : {"password_length_min", "lockout_failures",
                                         "new_user_status", "session_timeout_seconds",
                                         "session_seconds_max", "cleared"})
    if (field == bounded) return false;
  return true;
}

/// Generated code of some languages leaves false and 0 out of fields that may be absent.
BOOST_AUTO_TEST_CASE(T4_every_policy_that_may_be_false_or_0_or_empty_is_cleared_by_its_name) {
  const auto* type = schema::PolicyChangesTypeTable();
  std::vector<std::string> names;
  for (std::size_t field = 0; field < type->num_elems; ++field)
    if (is_clearable(type->names[field])) names.emplace_back(type->names[field]);
  auto story = given(tenant("acme"), set(change_all));
  story.when(set([&](Changes& changes) { changes.cleared = names; }));
  BOOST_REQUIRE(story.outcome().refusals.empty());
  schema::PoliciesT expected;
  expected.password_length_min = 12;
  expected.password_needs_digit_or_symbol = false;
  expected.lockout_failures = 7;
  expected.new_user_status = UserStatus::new_user;
  expected.new_user_api_access = false;
  expected.session_timeout_seconds = 60;
  expected.session_seconds_max = 2'592'000;
  expected.imported_hash_days = 0;
  BOOST_TEST((story.tenant().policies == expected));
  BOOST_TEST(story.tenant().networks == nullptr);
}

BOOST_AUTO_TEST_CASE(T4_what_stands_in_cleared_must_be_a_field_and_have_no_other_value) {
  auto story = given(tenant("acme"));
  const auto refused = [&](const std::function<void(Changes&)>& make, std::string_view field) {
    story.when(set(make)).refused(Code::field_malformed).naming(field);
  };
  refused([](Changes& c) { c.cleared = {"tell_reason"}; }, "cleared");
  refused([](Changes& c) { c.cleared = {"cleared"}; }, "cleared");
  refused([](Changes& c) { c.cleared = {"lockout_failures"}; }, "lockout_failures");
  refused(
      [](Changes& c) {
        c.tell_reasons = true;
        c.cleared = {"tell_reasons"};
      },
      "tell_reasons");
  refused(
      [](Changes& c) {
        c.username_domain = "x";
        c.cleared = {"username_domain"};
      },
      "username_domain");
  story.when(set([](Changes& c) {
    c.new_user_api_access = false;
    c.cleared = {"new_user_api_access"};
  }));
  BOOST_TEST(!story.tenant().policies.new_user_api_access);
}

BOOST_AUTO_TEST_CASE(U2_the_domain_of_generated_names_has_a_form) {
  auto story = given(tenant("acme"));
  for (const std::string& bad : {std::string("a@b"), std::string(".a"), std::string("a-"),
                                 std::string("a_b"), std::string("a b"), std::string(65, 'a')})
    story.when(set([&](Changes& c) { c.username_domain = bad; }))
        .refused(Code::field_malformed)
        .naming("username_domain");
  story.given(set([&](Changes& c) { c.username_domain = std::string(64, 'a'); }));
}

BOOST_AUTO_TEST_CASE(A9_where_there_is_nothing_to_clear_an_empty_list_is_refused) {
  schema::CreateTenantT made;
  made.alias = "other";
  made.policies = std::make_unique<Changes>();
  made.policies->networks = networks({});
  auto story = given(tenant("acme"));
  story.in("").when(command(std::move(made))).refused(Code::field_malformed).naming("networks");
  schema::CreateUserT created;
  created.username = "bob";
  created.settings = std::make_unique<schema::UserSettingsT>();
  created.settings->networks = networks({});
  story.in("acme")
      .when(command(std::move(created)))
      .refused(Code::field_malformed)
      .naming("networks");
}

BOOST_AUTO_TEST_CASE(T4_empty_text_and_networks_without_entries_clear) {
  auto story = given(tenant("acme"), set(change_all));
  schema::PoliciesT expected = all_changed();
  expected.password_forbidden_characters.clear();
  expected.username_prefix.clear();
  expected.username_prefix_rule = schema::PrefixRule::off;
  expected.networks.reset();
  story
      .when(set([](Changes& changes) {
        changes.password_forbidden_characters = schema::cleared_text;
        changes.username_prefix = schema::cleared_text;
        changes.username_prefix_rule = schema::PrefixRule::off;
        changes.networks = networks({});
      }))
      .then(event(changed("acme", expected)));
  BOOST_TEST(story.tenant().networks == nullptr);
}

BOOST_AUTO_TEST_CASE(T4_a_change_that_changes_nothing_is_told) {
  given(tenant("acme")).when(set_nothing).refused(Code::unchanged);
  given(tenant("acme"), set(change_all)).when(set(change_all)).refused(Code::unchanged);
}

BOOST_AUTO_TEST_CASE(T4_a_tenant_is_created_with_policies) {
  schema::CommandT create = tenant("acme");
  create.body.AsCreateTenant()->policies = std::make_unique<Changes>();
  change_all(*create.body.AsCreateTenant()->policies);
  auto story = given(create);
  BOOST_TEST((story.tenant().policies == all_changed()));
  create.body.AsCreateTenant()->policies->lockout_failures = 0;
  Scenario().when(create).refused(Code::field_malformed).naming("lockout_failures");
}

BOOST_AUTO_TEST_CASE(T4_each_bound_holds) {
  struct Bound {
    const char* field;
    std::function<void(Changes&)> good;
    std::function<void(Changes&)> bad;
  };
  const auto bound = [](auto field, const char* name, auto good, auto bad) {
    return Bound{name, [=](Changes& changes) { changes.*field = good; },
                 [=](Changes& changes) { changes.*field = bad; }};
  };
  using Small = std::uint16_t;
  const std::string prefix(32, 'p');
  const Bound bounds[] = {
      bound(&Changes::password_length_min, "password_length_min", Small{1}, Small{0}),
      bound(&Changes::password_length_min, "password_length_min", Small{1'024},
            Small{1'025}),
      bound(&Changes::lockout_failures, "lockout_failures", Small{1}, Small{0}),
      bound(&Changes::lockout_failures, "lockout_failures", Small{100}, Small{101}),
      bound(&Changes::session_timeout_seconds, "session_timeout_seconds", 60U, 59U),
      bound(&Changes::session_timeout_seconds, "session_timeout_seconds", 86'400U, 86'401U),
      bound(&Changes::session_seconds_max, "session_seconds_max", 60U, 59U),
      bound(&Changes::session_seconds_max, "session_seconds_max", 2'592'000U, 2'592'001U),
      bound(&Changes::lock_seconds, "lock_seconds", 60U, 59U),
      bound(&Changes::lock_seconds, "lock_seconds", 31'536'000U, 31'536'001U),
      bound(&Changes::new_user_status, "new_user_status", UserStatus::new_user,
            UserStatus::inactive),
      bound(&Changes::username_prefix, "username_prefix", prefix, prefix + "p"),
      bound(&Changes::username_prefix, "username_prefix", std::string("API_"), std::string("a b")),
      bound(&Changes::password_forbidden_characters, "password_forbidden_characters",
            std::string("&"), std::string("\x01")),
      {"username_prefix_rule",
       [](Changes& changes) { changes.username_prefix_rule = schema::PrefixRule::off; },
       [](Changes& changes) { changes.username_prefix_rule = static_cast<schema::PrefixRule>(3); }},
      {"networks", [](Changes& changes) { changes.networks = networks({"10.0.0.0/8"}); },
       [](Changes& changes) { changes.networks = networks({"10.0.0.1/8"}); }},
  };
  for (const Bound& one : bounds) {
    BOOST_TEST_CONTEXT(one.field) {
      const auto good = [&](Changes& changes) {
        changes.tell_reasons = true;
        one.good(changes);
      };
      given(tenant("acme"), set(good));
      given(tenant("acme")).when(set(one.bad)).refused(Code::field_malformed).naming(one.field);
    }
  }
  given(tenant("acme"), set([](Changes& changes) { changes.lock_seconds = 60; }),
        set([](Changes& changes) { changes.lock_seconds = 0; }));
  given(tenant("acme"))
      .when(set([](Changes& changes) {
        changes.password_forbidden_characters = std::string(257, '&');
      }))
      .refused(Code::too_large)
      .naming("password_forbidden_characters");
}

BOOST_AUTO_TEST_CASE(T4_all_problems_are_told_at_once) {
  given(tenant("acme"))
      .when(set(
          [](Changes& changes) {
            changes.lockout_failures = 101;
            changes.lock_seconds = 1;
            changes.networks = networks({"10.0.0.1/8", "MOON"});
          },
          std::string(257, 'x')))
      .refused(Code::field_malformed, Code::field_malformed, Code::field_malformed,
               Code::field_malformed, Code::field_malformed)
      .naming("display_name")
      .naming("lockout_failures")
      .naming("lock_seconds")
      .naming("networks")
      .telling("found 101")
      .telling("MOON");
}

BOOST_AUTO_TEST_CASE(T4_a_rule_on_prefixes_needs_a_prefix) {
  given(tenant("acme"))
      .when(set([](Changes& changes) {
        changes.username_prefix_rule = schema::PrefixRule::required;
      }))
      .refused(Code::field_missing)
      .naming("username_prefix");
}

BOOST_AUTO_TEST_CASE(T4_refusals_in_their_order) {
  Request good{{}, an_operator(Role::administrator), "acme", set(change_all), {}};
  refuses_in_order(good, joined(flaws_of_a_tenant(),
                                {{Code::field_malformed, "lockout_failures", [](Request& request) {
                                    request.command.body.AsSetTenant()->policies->lockout_failures =
                                        0;
                                  }}}));
}

// ---- not retroactive

BOOST_AUTO_TEST_CASE(T4_existing_names_passwords_and_users_stand) {
  auto story = given(tenant("acme"), user("bob", "s3cret-enough"), set(change_all));
  BOOST_TEST(story.user("bob").username == "bob");
  BOOST_TEST(story.user("bob").status == UserStatus::active);
  BOOST_TEST(story.user("bob").api_access);
  BOOST_TEST(story.user("bob").password_seq != 0U);
  story.when(attempt("bob", true)).then();
}

BOOST_AUTO_TEST_CASE(T4_a_lower_limit_locks_nobody_until_the_next_failure) {
  auto story = given(tenant("acme"), user("bob", "s3cret-enough"), attempt("bob", false),
                     attempt("bob", false), attempt("bob", false),
                     set([](Changes& changes) { changes.lockout_failures = 2; }));
  BOOST_TEST(story.locks("bob").empty());
  story.when(attempt("bob", false)).then(failed("bob", 4), locked("bob", LockCause::passwords));
}

BOOST_AUTO_TEST_CASE(T4_new_users_begin_as_the_policies_say) {
  auto story = given(tenant("acme"), set([](Changes& changes) {
                       changes.new_user_status = UserStatus::new_user;
                       changes.new_user_api_access = false;
                     }),
                     user("bob"));
  BOOST_TEST(story.user("bob").status == UserStatus::new_user);
  BOOST_TEST(!story.user("bob").api_access);
}

BOOST_AUTO_TEST_CASE(T5_a_tenant_is_created_with_a_catalogue) {
  schema::CommandT create = tenant("acme");
  auto& kind = create.body.AsCreateTenant()->catalogue.emplace_back(
      std::make_unique<schema::CatalogueKindT>());
  kind->name = "planet";
  kind->open = true;
  kind->actions.emplace_back(std::make_unique<schema::CatalogueActionT>())->name = "visit";
  auto story = given(create, user("bob"), allow("bob", "visit", "planet/mars"));
  BOOST_TEST(story.tenant().catalogue->size() == 1U);
  story.when(allow("bob", "read", "table/a")).refused(Code::unknown_resource);
}

BOOST_AUTO_TEST_SUITE_END()
