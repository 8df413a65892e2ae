#include <boost/test/unit_test.hpp>

#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;

namespace {

schema::CommandT named_tenant(std::string alias, std::string display_name) {
  schema::CreateTenantT body;
  body.alias = std::move(alias);
  body.display_name = std::move(display_name);
  return command(std::move(body));
}

const schema::CommandT enable = command(schema::EnableTenantT());
const schema::CommandT disable = command(schema::DisableTenantT());

domain::Operator of_few_tenants(Role role, std::vector<Uuid> tenants) {
  domain::Operator made = an_operator(role);
  made.all_tenants = false;
  made.tenants = std::move(tenants);
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_tenants_tests)

// ---- T1

BOOST_AUTO_TEST_CASE(T1_a_tenant_has_an_alias_a_name_and_is_enabled) {
  auto story = given();
  story.when(named_tenant("acme", "Acme Ltd."));
  BOOST_REQUIRE(story.outcome().events.size() == 1U);
  const auto* created = story.outcome().events.front().body.AsTenantCreated();
  BOOST_REQUIRE(created != nullptr);
  BOOST_TEST(*created->tenant == made_id(1));
  BOOST_TEST(created->alias == "acme");
  BOOST_TEST(created->display_name == "Acme Ltd.");
  BOOST_TEST(created->catalogue.size() == 4U);
  for (const auto& kind : created->catalogue) BOOST_TEST(kind->open);
  BOOST_TEST(story.tenant().id == made_id(1));
  BOOST_TEST(story.tenant().enabled);
  BOOST_TEST(story.tenant().display_name == "Acme Ltd.");
}

BOOST_AUTO_TEST_CASE(T1_without_a_name_the_alias_is_the_name) {
  BOOST_TEST(given(tenant("acme")).tenant().display_name == "acme");
}

BOOST_AUTO_TEST_CASE(T1_the_form_of_an_alias) {
  for (const std::string& good :
       {std::string("a"), std::string("0"), std::string("a-b-1-"), std::string(63, 'a')})
    BOOST_TEST_CONTEXT(good) { BOOST_TEST(given(tenant(good)).tenant(good).enabled); }
  for (const std::string& bad :
       {std::string(), std::string("-a"), std::string("Acme"), std::string("a.b"),
        std::string("a_b"), std::string("a b"), std::string("a/b"), std::string("\xc3\xa9"),
        std::string("a\0b", 3), std::string(64, 'a')})
    BOOST_TEST_CONTEXT(bad) {
      given().when(tenant(bad)).refused(Code::field_malformed).naming("alias");
    }
}

BOOST_AUTO_TEST_CASE(T1_the_form_of_a_name) {
  for (const std::string& good :
       {std::string(256, 'n'), std::string("\xc3\x85kesson & s\xc3\xb6n")})
    BOOST_TEST(given(named_tenant("acme", good)).tenant().display_name == good);
  for (const std::string& bad :
       {std::string(257, 'n'), std::string("two\nlines"), std::string("\x7f"),
        std::string("no utf-8: \xff"), std::string("cut \xc3"), std::string("\0", 1)})
    BOOST_TEST_CONTEXT(bad) {
      given().when(named_tenant("acme", bad)).refused(Code::field_malformed).naming("display_name");
    }
}

BOOST_AUTO_TEST_CASE(T1_an_alias_is_unique) {
  given(tenant("acme"))
      .when(tenant("acme"))
      .refused(Code::tenant_exists)
      .naming("alias")
      .telling("'acme'");
}

// ---- T2, T3

BOOST_AUTO_TEST_CASE(T2_disabling_a_tenant_denies_everything_at_once) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "read", "table"));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::ok);
  story.when(disable).then(event(schema::TenantDisabledT()));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::tenant_disabled);
}

BOOST_AUTO_TEST_CASE(T2_disabling_a_tenant_locks_its_users) {
  auto story = given(tenant("acme"), user("bob"), user("eve", "s3cret-enough"), disable);
  BOOST_TEST(story.locks("bob") == std::vector{LockCause::tenant});
  BOOST_TEST(story.locks("eve") == std::vector{LockCause::tenant});
}

BOOST_AUTO_TEST_CASE(T2_disabling_a_tenant_locks_nobody_elsewhere) {
  auto story = given(tenant("acme"), tenant("other"), user("bob"), disable);
  story.in("other").given(user("eve"));
  BOOST_TEST(story.locks("eve").empty());
}

BOOST_AUTO_TEST_CASE(T2_a_user_created_while_disabled_is_not_locked) {
  auto story = given(tenant("acme"), disable, user("bob"), enable);
  BOOST_TEST(story.locks("bob").empty());
}

BOOST_AUTO_TEST_CASE(T2_a_reset_while_disabled_clears_the_lock) {
  auto story = given(tenant("acme"), user("bob"), disable, reset("bob", "s3cret-enough"), enable);
  BOOST_TEST(story.locks("bob").empty());
}

BOOST_AUTO_TEST_CASE(T2_only_the_last_disabling_counts) {
  auto story = given(tenant("acme"), user("bob"), disable, enable, reset("bob", "s3cret-enough"));
  BOOST_TEST(story.locks("bob").empty());
  story.given(disable, enable);
  BOOST_TEST(story.locks("bob") == std::vector{LockCause::tenant});
}

BOOST_AUTO_TEST_CASE(T2_within_one_batch_the_order_counts) {
  auto created_first = given(tenant("acme"));
  created_first.when(user("bob"), disable);
  BOOST_TEST(created_first.locks("bob") == std::vector{LockCause::tenant});

  auto disabled_first = given(tenant("acme"));
  disabled_first.when(disable, user("bob"));
  BOOST_TEST(disabled_first.locks("bob").empty());

  auto reset_first = given(tenant("acme"), user("bob"));
  reset_first.when(reset("bob", "s3cret-enough"), disable, enable);
  BOOST_TEST(reset_first.locks("bob") == std::vector{LockCause::tenant});

  auto reset_last = given(tenant("acme"), user("bob"));
  reset_last.when(disable, reset("bob", "s3cret-enough"), enable);
  BOOST_TEST(reset_last.locks("bob").empty());

  auto between = given(tenant("acme"), user("bob"));
  between.when(disable, enable, reset("bob", "s3cret-enough"), disable, enable);
  BOOST_TEST(between.locks("bob") == std::vector{LockCause::tenant});
}

BOOST_AUTO_TEST_CASE(T3_enabling_leaves_each_user_locked_until_its_reset) {
  auto story = given(tenant("acme"), user("bob"), user("eve"), disable);
  story.when(enable).then(event(schema::TenantEnabledT()));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::user_locked);
  story.given(reset("bob", "s3cret-enough"));
  BOOST_TEST(story.locks("bob").empty());
  BOOST_TEST(story.locks("eve") == std::vector{LockCause::tenant});
}

BOOST_AUTO_TEST_CASE(T2_what_is_so_already_is_refused) {
  given(tenant("acme")).when(enable).refused(Code::tenant_already_enabled).naming("tenant");
  given(tenant("acme"), disable)
      .when(disable)
      .refused(Code::tenant_already_disabled)
      .naming("tenant");
}

// ---- T4

BOOST_AUTO_TEST_CASE(T4_a_tenant_begins_with_the_default_policies) {
  auto story = given();
  story.when(tenant("acme"));
  const auto& policies = story.outcome().events.front().body.AsTenantCreated()->policies;
  BOOST_REQUIRE(policies != nullptr);
  BOOST_TEST(policies->password_length_min == 8);
  BOOST_TEST(policies->password_needs_digit_or_symbol);
  BOOST_TEST(policies->password_forbidden_characters == "");
  BOOST_TEST(policies->lockout_failures == 5);
  BOOST_TEST(!policies->direct_deletion);
  BOOST_TEST(policies->new_user_status == UserStatus::active);
  BOOST_TEST(policies->new_user_api_access);
  BOOST_TEST(!policies->tell_reasons);
  BOOST_TEST((story.tenant().policies == *policies));
}

// ---- K3, O1, O2

BOOST_AUTO_TEST_CASE(K3_one_batch_creates_a_tenant_and_its_users) {
  auto story = given();
  auto message = story.message({tenant("acme"), user("bob"), allow("bob", "read", "table")});
  BOOST_TEST(message.tenant == "acme");
  story.send(message);
  BOOST_TEST(story.outcome().recorded);
  BOOST_TEST(story.answer("bob", "read", "table") == Code::ok);
  BOOST_TEST(story.state().tenant_head(story.tenant().id) == story.state().seq());
}

BOOST_AUTO_TEST_CASE(K3_a_message_names_the_tenant_it_creates_or_none) {
  auto story = given(tenant("other"));
  auto message = story.message({tenant("acme")});
  message.tenant = "other";
  story.send(message).refused(Code::batch_spans_tenants).naming("alias").telling("'other'");
}

BOOST_AUTO_TEST_CASE(O1_only_an_operator_of_all_tenants_adds_one) {
  given()
      .by(of_few_tenants(Role::owner, {made_id(1)}))
      .when(tenant("acme"))
      .refused(Code::not_permitted);
}

BOOST_AUTO_TEST_CASE(O2_what_is_out_of_scope_answers_as_if_it_did_not_exist) {
  const auto refusal = [](std::string_view alias) {
    auto story = given(tenant("secret"));
    schema::CommandMessageT message = story.message({disable});
    message.tenant = alias;
    story.by(of_few_tenants(Role::owner, {made_id(7)})).send(message);
    BOOST_REQUIRE(story.outcome().refusals.size() == 1U);
    return story.outcome().refusals.front();
  };
  schema::ProblemT there = refusal("secret");
  schema::ProblemT nowhere = refusal("nobody");
  BOOST_TEST((there.code == Code::tenant_unknown));
  there.sentence.replace(there.sentence.find("secret"), 6, "nobody");
  BOOST_TEST((there == nowhere));
}

BOOST_AUTO_TEST_CASE(O2_a_few_tenants_can_be_ones_own) {
  given(tenant("other"), tenant("acme"))
      .by(of_few_tenants(Role::owner, {made_id(1), made_id(2)}))
      .when(disable)
      .then(event(schema::TenantDisabledT()));
}

// ---- order

BOOST_AUTO_TEST_CASE(create_tenant_refuses_in_order) {
  Request good;
  good.asker = an_operator(Role::owner);
  good.tenant.clear();
  good.command = tenant("fresh");
  const auto body = [](Request& request) { return request.command.body.AsCreateTenant(); };
  refuses_in_order(
      good,
      {{Code::not_permitted, "body", [](Request& request) { request.asker.all_tenants = false; }},
       {Code::field_malformed, "alias", [&](Request& request) { body(request)->alias = "Fresh"; }},
       {Code::field_malformed, "display_name",
        [&](Request& request) { body(request)->display_name = "a\tb"; }},
       {Code::batch_spans_tenants, "alias", [](Request& request) { request.tenant = "other"; }},
       {Code::tenant_exists, "alias", [&](Request& request) { body(request)->alias = "acme"; }}});
}

BOOST_AUTO_TEST_CASE(enable_and_disable_tenant_refuse_in_order) {
  Request good;
  good.asker = an_operator(Role::owner);
  good.before = {disable};
  good.command = enable;
  refuses_in_order(
      good, joined(flaws_of_a_tenant(), {{Code::tenant_already_enabled, "tenant",
                                          [](Request& request) { request.before.clear(); }}}));
  good.before = {};
  good.command = disable;
  refuses_in_order(
      good, joined(flaws_of_a_tenant(), {{Code::tenant_already_disabled, "tenant",
                                          [](Request& request) { request.before = {disable}; }}}));
}

BOOST_AUTO_TEST_CASE(K6_all_problems_of_a_tenant_are_named_together) {
  given(tenant("acme"))
      .when(named_tenant("Acme", "a\tb"))
      .refused(Code::field_malformed, Code::field_malformed)
      .naming("alias")
      .naming("display_name");
}

BOOST_AUTO_TEST_CASE(K2_what_is_no_users_names_the_record_that_changed_it_last) {
  auto story =
      given(tenant("acme"), tenant("globex"), user("bob"), to("bob", schema::DisableUserT()));
  const auto with_seq = [](schema::CommandT made, std::uint64_t seq) {
    made.expected_seq = seq;
    return made;
  };
  const auto created = story.tenant().created_seq;
  const auto off = command(schema::DisableTenantT());
  story.when(with_seq(off, created + 1))
      .refused(Code::version_conflict)
      .naming("expected_seq")
      .telling("Record " + std::to_string(created) + " changed the tenant last");
  // Neither another tenant's records nor those about a user are the tenant's own.
  story.when(with_seq(off, created), to("bob", schema::EnableUserT()));
  BOOST_TEST(!story.tenant().enabled);
  story.when(with_seq(command(schema::EnableTenantT()), created)).refused(Code::version_conflict);
  schema::RemoveOperatorT removal;
  removal.name = "nobody";
  story.in("").when(with_seq(command(std::move(removal)), 7)).refused(Code::operator_unknown);
}

BOOST_AUTO_TEST_SUITE_END()
