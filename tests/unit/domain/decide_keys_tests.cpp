#include <boost/test/unit_test.hpp>

#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_ns = 86'400 * second_ns;
const std::string first = "s3cret-enough";
const std::string second = "an0ther-good-one";

schema::CommandT create_key(std::string username, std::string name, std::int64_t expires_ns = 0) {
  schema::CreateKeyT body;
  body.name = std::move(name);
  body.expires_ns = expires_ns;
  return to(std::move(username), std::move(body));
}

schema::CommandT revoke_key(std::string username, std::string name) {
  schema::RevokeKeyT body;
  body.name = std::move(name);
  return to(std::move(username), std::move(body));
}

schema::CommandT rotate(std::string username, std::string password, std::int64_t until_ns) {
  schema::RotatePasswordT body;
  body.password = std::move(password);
  body.old_valid_until_ns = until_ns;
  return to(std::move(username), std::move(body));
}

/// A session that began when the scenario did, in 1970.
Uuid session(std::uint64_t n) { return {0x7000 | (n << 16), n | std::uint64_t{1} << 63}; }

schema::CommandT end_session(std::string username, Uuid id) {
  schema::EndSessionsT body;
  body.session = std::make_unique<Uuid>(id);
  return to(std::move(username), std::move(body));
}

const domain::UserExtras& extras(const Scenario& story, std::string_view username) {
  return domain::extras_of(story.user(username));
}

Scenario bob_with_password() { return given(tenant("acme"), user("bob", first)); }

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_keys_tests)

// ---- C7

BOOST_AUTO_TEST_CASE(C7_a_rotation_keeps_the_old_password_until_its_time) {
  auto story = bob_with_password();
  const std::int64_t until_ns = story.world().now_ns() + 90 * day_ns;
  story.given(attempt("bob", false));
  const auto epoch = domain::extras_of(story.user("bob")).session_epoch;
  schema::PasswordRotatedT rotated;
  rotated.sealed_password = sealed(second);
  rotated.old_valid_until_ns = until_ns;
  story.when(rotate("bob", second, until_ns)).then(about("bob", rotated));
  BOOST_TEST((*extras(story, "bob").sealed_old_password == sealed(first)));
  BOOST_TEST((*story.user("bob").sealed_password == sealed(second)));
  BOOST_TEST(extras(story, "bob").old_password_until_ns == until_ns);
  BOOST_TEST(domain::extras_of(story.user("bob")).failures == 1);
  BOOST_TEST(domain::extras_of(story.user("bob")).session_epoch == epoch);
}

BOOST_AUTO_TEST_CASE(C7_a_reset_and_a_change_end_the_old_password) {
  for (const bool by_reset : {true, false}) {
    auto story = bob_with_password();
    story.given(rotate("bob", second, story.world().now_ns() + day_ns));
    story.given(by_reset ? reset("bob", "th1rd-secret") : change("bob", second, "th1rd-secret"));
    BOOST_TEST(extras(story, "bob").sealed_old_password == nullptr);
    BOOST_TEST(extras(story, "bob").old_password_until_ns == 0);
  }
}

BOOST_AUTO_TEST_CASE(C7_the_time_lies_ahead_and_within_90_days) {
  auto story = bob_with_password();
  const std::int64_t now_ns = story.world().now_ns() + second_ns;
  story.when(rotate("bob", second, now_ns))
      .refused(Code::field_malformed)
      .naming("old_valid_until_ns");
  story.when(rotate("bob", second, now_ns + 91 * day_ns)).refused(Code::field_malformed);
  story.when(rotate("bob", "short", now_ns + day_ns))
      .refused(Code::password_too_short, Code::password_lacks_digit_or_symbol);
  story.given(user("eve"));
  story.when(rotate("eve", second, now_ns + day_ns)).refused(Code::password_not_set);
}

// ---- C8

BOOST_AUTO_TEST_CASE(C8_a_key_is_made_named_and_revoked_alone) {
  auto story = given(tenant("acme"), user("bob"));
  story.given(create_key("bob", "first"), create_key("bob", "second"));
  BOOST_REQUIRE(extras(story, "bob").keys.size() == 2);
  story.when(create_key("bob", "first")).refused(Code::key_exists).naming("name");
  const Uuid gone = extras(story, "bob").keys[0].id;
  schema::KeyRevokedT revoked;
  revoked.key = std::make_unique<Uuid>(gone);
  story.when(revoke_key("bob", "first")).then(about("bob", revoked));
  BOOST_TEST(extras(story, "bob").keys.at(0).name == "second");
  BOOST_TEST(domain::find_key(story.user("bob"), gone) == nullptr);
  story.when(revoke_key("bob", "first")).refused(Code::key_unknown).telling("first");
}

BOOST_AUTO_TEST_CASE(C8_a_keys_faults_are_all_told) {
  auto story = given(tenant("acme"), user("bob"));
  schema::CommandT bad = create_key("bob", "No Name", 1);
  auto& parts = bad.body.AsCreateKey()->narrowed_to;
  parts.push_back(std::make_unique<schema::NarrowingT>());
  parts.back()->action = "Read";
  parts.back()->resource = "a//b";
  story.when(bad).refused(Code::field_malformed, Code::field_malformed, Code::field_malformed,
                          Code::resource_malformed);
}

BOOST_AUTO_TEST_CASE(C8_a_user_has_100_keys_at_most) {
  auto story = given(tenant("acme"), user("bob"));
  for (int count = 0; count < 100; ++count)
    story.given(create_key("bob", "key" + std::to_string(count)));
  story.when(create_key("bob", "one-more")).refused(Code::too_large);
}

BOOST_AUTO_TEST_CASE(C8_a_narrowed_key_is_for_its_parts_alone) {
  const std::vector<domain::Narrowing> parts = {{"read", "table/a"}, {"*", "script/*/x"}};
  const auto within = [&](std::string_view action, std::string_view resource) {
    return domain::lies_within(parts, {action, resource});
  };
  BOOST_TEST(within("read", "table/a"));
  BOOST_TEST(within("read", "table/a/field"));
  BOOST_TEST(!within("write", "table/a"));
  BOOST_TEST(!within("read", "table"));
  BOOST_TEST(!within("read", "table/ab"));
  BOOST_TEST(within("run", "script/one/x/y"));
  BOOST_TEST(!within("run", "script/one/z"));
  BOOST_TEST(domain::lies_within({}, {"write", "table/a"}));
}

// ---- C5, C6

BOOST_AUTO_TEST_CASE(C6_a_timed_lock_opens_and_the_count_starts_anew) {
  schema::PoliciesT policies;
  policies.lockout_failures = 2;
  policies.lock_seconds = 60;
  Scenario story;
  story.given_policies(policies).given(user("bob", first), attempt("bob", false),
                                       attempt("bob", false));
  BOOST_TEST((story.locks("bob") == std::vector{LockCause::passwords}));
  story.when(attempt("bob", true)).refused(Code::user_locked);
  const std::int64_t locked_ns = domain::extras_of(story.user("bob")).passwords_lock_ns;
  BOOST_TEST(domain::is_locked(story.tenant(), story.user("bob"), locked_ns + 60 * second_ns - 1));
  BOOST_TEST(!domain::is_locked(story.tenant(), story.user("bob"), locked_ns + 60 * second_ns));
  const std::size_t records = story.world().records().size();
  story.world().pass(60 * second_ns);
  BOOST_TEST(story.locks("bob").empty());
  BOOST_TEST(story.world().records().size() == records);
  story.when(attempt("bob", false)).then(failed("bob", 1));
  story.when(attempt("bob", false)).then(failed("bob", 2), locked("bob", LockCause::passwords));
}

BOOST_AUTO_TEST_CASE(C6_a_success_after_the_time_ends_the_lock_for_good) {
  schema::PoliciesT policies;
  policies.lockout_failures = 1;
  policies.lock_seconds = 60;
  Scenario story;
  story.given_policies(policies).given(user("bob", first), attempt("bob", false));
  story.world().pass(61 * second_ns);
  story.given(attempt("bob", true));
  BOOST_TEST(domain::extras_of(story.user("bob")).passwords_lock_seq == 0);
  BOOST_TEST(domain::extras_of(story.user("bob")).failures == 0);
}

BOOST_AUTO_TEST_CASE(C5_a_lock_may_close_the_password_only) {
  schema::PoliciesT policies;
  policies.lockout_failures = 1;
  for (const bool only : {false, true}) {
    policies.lock_closes_password_only = only;
    Scenario story;
    story.given_policies(policies).given(user("bob", first), attempt("bob", false));
    domain::CallFacts call = story.world().facts();
    const auto stop = [&] {
      return domain::first_stop_before_credential(&story.tenant(), &story.user("bob"), call).code;
    };
    BOOST_TEST(stop() == (only ? Code::ok : Code::user_locked));
    call.with_password = true;
    BOOST_TEST(stop() == Code::user_locked);
    BOOST_TEST((domain::extras_of(story.user("bob")).session_epoch == 0) == only);
  }
}

// ---- S2, S3

BOOST_AUTO_TEST_CASE(S2_what_stops_a_user_raises_its_epoch) {
  schema::SetApiAccessT off;
  const std::vector<schema::CommandT> causes = {to("bob", schema::DisableUserT()),
                                                to("bob", schema::LockUserT()),
                                                to("bob", schema::TrashUserT()),
                                                reset("bob", second),
                                                to("bob", off),
                                                to("bob", schema::EndSessionsT())};
  for (const schema::CommandT& cause : causes) {
    auto story = bob_with_password();
    BOOST_TEST(domain::extras_of(story.user("bob")).session_epoch == 0);
    story.given(cause);
    BOOST_TEST(domain::extras_of(story.user("bob")).session_epoch == story.state().seq());
  }
  auto story = bob_with_password();
  for (int count = 0; count < 5; ++count) story.given(attempt("bob", false));
  BOOST_TEST(domain::extras_of(story.user("bob")).session_epoch == story.state().seq());
}

BOOST_AUTO_TEST_CASE(S2_what_stops_nobody_raises_no_epoch) {
  auto story = bob_with_password();
  story.given(attempt("bob", false), attempt("bob", true), allow("bob", "read", "table/a"),
              change("bob", first, second), create_key("bob", "one"), revoke_key("bob", "one"));
  BOOST_TEST(domain::extras_of(story.user("bob")).session_epoch == 0);
}

BOOST_AUTO_TEST_CASE(S2_a_tenants_disabling_raises_its_epoch_and_enabling_does_not_lower_it) {
  auto story = bob_with_password();
  story.given(command(schema::DisableTenantT()));
  const auto epoch = story.tenant().session_epoch;
  BOOST_TEST(epoch == story.state().seq());
  story.given(command(schema::EnableTenantT()));
  BOOST_TEST(story.tenant().session_epoch == epoch);
  story.given(command(schema::EndTenantSessionsT()));
  BOOST_TEST(story.tenant().session_epoch == story.state().seq());
}

BOOST_AUTO_TEST_CASE(S3_one_session_is_remembered_until_no_token_of_it_can_live) {
  auto story = bob_with_password();
  schema::SessionEndedT ended;
  ended.session = std::make_unique<Uuid>(session(1));
  ended.until_ns = 1'000'000 + 30 * day_ns;
  story.when(end_session("bob", session(1))).then(about("bob", ended));
  BOOST_TEST(domain::extras_of(story.user("bob")).session_epoch == 0);
  story.when(end_session("bob", session(1))).refused(Code::session_expired);
  story.world().pass(30 * day_ns);
  story.when(end_session("bob", session(2))).refused(Code::session_expired);
  const Uuid newer = session(static_cast<std::uint64_t>(30 * day_ns / 1'000'000));
  story.given(end_session("bob", newer));
  BOOST_REQUIRE(extras(story, "bob").ended_sessions.size() == 1);
  BOOST_TEST((extras(story, "bob").ended_sessions[0].session == newer));
  story.given(to("bob", schema::EndSessionsT()));
  BOOST_TEST(extras(story, "bob").ended_sessions.empty());
}

BOOST_AUTO_TEST_CASE(S3_an_id_of_no_session_is_refused) {
  auto story = bob_with_password();
  story.when(end_session("bob", {1, 1})).refused(Code::field_malformed).naming("session");
  story.when(end_session("bob", session(1ULL << 47))).refused(Code::field_malformed);
}

BOOST_AUTO_TEST_CASE(S3_a_service_ends_one_session_of_a_user_it_knows_by_id) {
  auto story = bob_with_password();
  story.by(Role::service);
  story.when(to("bob", schema::EndSessionsT())).refused(Code::not_permitted, Code::field_malformed);
  story.when(end_session("bob", session(1))).refused(Code::field_malformed).naming("user_id");
  schema::CommandT by_id = end_session("", session(1));
  by_id.user_id = std::make_unique<Uuid>(story.user("bob").id);
  story.given(by_id);
  BOOST_TEST(extras(story, "bob").ended_sessions.size() == 1);
}

BOOST_AUTO_TEST_CASE(S1_a_session_is_open_while_all_it_says_fits) {
  auto story = bob_with_password();
  const domain::Tenant acme = story.tenant();
  domain::User bob = story.user("bob");
  const domain::SessionFacts good{session(1), false, nullptr, 100, 0, 0};
  const auto open = [&](domain::SessionFacts facts, std::int64_t now_ns = 99) {
    return domain::is_open(facts, acme, bob, now_ns);
  };
  BOOST_TEST(open(good));
  BOOST_TEST(!open(good, 100));
  domain::SessionFacts other = good;
  other.user_epoch = 1;
  BOOST_TEST(!open(other));
  other = good;
  other.tenant_epoch = 1;
  BOOST_TEST(!open(other));
  domain::ApiKey key;
  other = {session(1), true, &key, 100, 0, 0};
  BOOST_TEST(open(other));
  key.expires_ns = 99;
  BOOST_TEST(!open(other));
  other.key = nullptr;
  BOOST_TEST(!open(other));
  BOOST_TEST(domain::session_timeout_ns(acme, bob) == 1'800 * second_ns);
  BOOST_TEST(domain::session_end_ns(acme, 5) == 5 + day_ns);
}

BOOST_AUTO_TEST_SUITE_END()
