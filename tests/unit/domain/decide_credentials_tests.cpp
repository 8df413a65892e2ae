#include <boost/test/unit_test.hpp>
#include <limits>

#include "daemon/domain/time_text.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;

namespace {

const std::string first = "s3cret-enough";
const std::string second = "an0ther-good-one";

schema::CommandT confirmed(schema::CommandT command, std::string confirmation) {
  if (auto* create = command.body.AsCreateUser()) create->password_confirmation = confirmation;
  if (auto* reset = command.body.AsResetPassword()) reset->password_confirmation = confirmation;
  if (auto* change = command.body.AsChangePassword()) change->password_confirmation = confirmation;
  return command;
}

Expected was_reset(std::string username, std::string_view password) {
  schema::PasswordResetT body;
  body.sealed_password = sealed(password);
  return about(std::move(username), std::move(body));
}

Expected was_changed(std::string username, std::string_view password) {
  schema::PasswordChangedT body;
  body.sealed_password = sealed(password);
  return about(std::move(username), std::move(body));
}

Expected accepted(std::string username) {
  schema::PasswordAcceptedT body;
  body.service = std::make_unique<Uuid>(an_operator(Role::service).id);
  return about(std::move(username), std::move(body));
}

Expected rehashed(std::string username) {
  schema::PasswordRehashedT body;
  body.sealed_password = sealed("hashed again");
  return about(std::move(username), std::move(body));
}

schema::PoliciesT lockout_after(std::uint16_t failures) {
  schema::PoliciesT policies;
  policies.lockout_failures = failures;
  return policies;
}

const schema::CommandT wrong = attempt("bob", false);
const schema::CommandT right = attempt("bob", true);

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_credentials_tests)

// ---- C1, C2

BOOST_AUTO_TEST_CASE(C1_a_rejection_lists_every_broken_rule) {
  schema::PoliciesT policies;
  policies.password_forbidden_characters = "&x";
  policies.password_length_min = 20;
  Scenario story;
  story.given_policies(policies).given(user("bob"));
  const std::string bad = "xbobacmebobby";
  story.when(confirmed(reset("bob", bad), "different"))
      .refused(Code::password_confirmation_differs, Code::password_too_short,
               Code::password_lacks_digit_or_symbol, Code::password_contains_forbidden_word,
               Code::password_contains_forbidden_character);
  schema::CommandT create = confirmed(user("eve", bad), "different");
  story.when(create).refused(Code::password_confirmation_differs, Code::password_too_short,
                             Code::password_lacks_digit_or_symbol,
                             Code::password_contains_forbidden_word,
                             Code::password_contains_forbidden_character);
}

BOOST_AUTO_TEST_CASE(K6_times_in_refusals_are_told_as_people_read_them) {
  BOOST_TEST(domain::time_text(0) == "1970-01-01T00:00:00Z");
  BOOST_TEST(domain::time_text(-1) == "1969-12-31T23:59:59.999999999Z");
  BOOST_TEST(domain::time_text(951'782'400'000'000'000) == "2000-02-29T00:00:00Z");
  BOOST_TEST(domain::time_text(1'709'210'096'000'000'007) == "2024-02-29T12:34:56.000000007Z");
  BOOST_TEST(domain::time_text(std::numeric_limits<std::int64_t>::max()) ==
             "2262-04-11T23:47:16.854775807Z");
  BOOST_TEST(domain::time_text(std::numeric_limits<std::int64_t>::min()) ==
             "1677-09-21T00:12:43.145224192Z");
  schema::RotatePasswordT rotate;
  rotate.old_valid_until_ns = 951'782'400'000'000'000;
  rotate.password = second;
  given(tenant("acme"), user("bob", first))
      .when(to("bob", rotate))
      .refused(Code::field_malformed)
      .telling("found 2000-02-29T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(C1_a_control_character_is_refused_by_a_sentence_of_its_own) {
  given(tenant("acme"), user("bob"))
      .when(reset("bob", "correct horse 7\r"))
      .refused(Code::password_contains_forbidden_character)
      .naming("password")
      .telling("control character");
}

BOOST_AUTO_TEST_CASE(C1_the_words_come_from_user_and_tenant) {
  schema::CreateTenantT acme;
  acme.alias = "acme";
  acme.display_name = "Wonderful";
  schema::CommandT create = user("Robert");
  create.body.AsCreateUser()->profile = std::make_unique<schema::ProfileT>();
  create.body.AsCreateUser()->profile->email = "bobby.tables@mail.example";
  auto story = given(command(acme), create);
  for (const char* bad : {"1-robert-1", "1-Bobby.Tables-1", "1-aCMe-111", "1-wonderfuL-1",
                          "my-PassWord-1", "1-Tables-111", "1-mail.org-1"})
    BOOST_TEST_CONTEXT(bad) {
      story.when(reset("robert", bad)).refused(Code::password_contains_forbidden_word);
    }
  create.body.AsCreateUser()->username = "Other";
  create.body.AsCreateUser()->password = "1-Bobby.Tables-1";
  story.when(create).refused(Code::password_contains_forbidden_word);
  story.when(reset("robert", "1-table-bob-1")).then(was_reset("robert", "1-table-bob-1"));
}

BOOST_AUTO_TEST_CASE(C2_a_confirmation_that_differs_is_rejected) {
  auto story = given(tenant("acme"), user("bob", first));
  story.when(confirmed(user("eve", first), second))
      .refused(Code::password_confirmation_differs)
      .naming("password_confirmation");
  story.when(confirmed(reset("bob", second), first)).refused(Code::password_confirmation_differs);
  story.when(confirmed(change("bob", first, second), first))
      .refused(Code::password_confirmation_differs);
  story.when(confirmed(reset("bob", second), second)).then(was_reset("bob", second));
}

BOOST_AUTO_TEST_CASE(C2_a_confirmation_of_nothing_is_rejected) {
  given(tenant("acme"))
      .when(confirmed(user("eve"), second))
      .refused(Code::password_confirmation_differs, Code::password_too_short,
               Code::password_lacks_digit_or_symbol);
}

// ---- U9, C4

BOOST_AUTO_TEST_CASE(U9_a_reset_to_the_same_password_is_a_reset) {
  auto story = given(tenant("acme"), user("bob", first));
  const domain::Seq before = story.user("bob").password_seq;
  story.when(reset("bob", first)).then(was_reset("bob", first));
  BOOST_TEST(story.user("bob").password_seq > before);
}

BOOST_AUTO_TEST_CASE(C4_a_password_is_in_no_record_and_no_refusal) {
  const std::string secret = "Zq7-plain-text-9";
  const std::string bad = "plainplain";
  auto story = given(tenant("acme"), user("bob", secret), reset("bob", secret),
                     change("bob", secret, secret + "2"));
  for (const Bytes& bytes : story.world().records()) {
    const std::string text(bytes.begin(), bytes.end());
    BOOST_TEST((text.find(secret) == std::string::npos));
  }
  story.when(confirmed(reset("bob", bad), secret));
  BOOST_TEST(story.outcome().refusals.size() == 2U);
  for (const schema::ProblemT& problem : story.outcome().refusals) {
    BOOST_TEST((problem.sentence.find(bad) == std::string::npos));
    BOOST_TEST((problem.sentence.find(secret) == std::string::npos));
  }
}

BOOST_AUTO_TEST_CASE(C4_a_right_password_is_hashed_again_when_the_daemon_finds_so) {
  auto story = given(tenant("acme"), user("bob", first));
  story.rehashing();
  const domain::Seq set_by = story.user("bob").password_seq;
  story.when(right).then(rehashed("bob"));
  BOOST_TEST(*story.user("bob").sealed_password == sealed("hashed again"));
  BOOST_TEST(story.user("bob").password_seq == set_by);
  story.given(wrong);
  story.when(right).then(accepted("bob"), rehashed("bob"));
}

// ---- C3

BOOST_AUTO_TEST_CASE(C3_a_users_own_change_names_the_current_password) {
  auto story = given(tenant("acme"), user("bob", first));
  story.when(change("bob", first, second)).then(was_changed("bob", second));
  story.when(change("bob", first, second))
      .refused_and_recorded(Code::invalid_credentials, failed("bob", 1));
}

BOOST_AUTO_TEST_CASE(C3_a_wrong_current_password_counts_and_locks) {
  auto story = given(tenant("acme"), user("bob", first));
  for (unsigned count = 1; count < 5; ++count)
    story.when(change("bob", "wr0ng-guess", second))
        .refused_and_recorded(Code::invalid_credentials, failed("bob", count));
  story.when(change("bob", "wr0ng-guess", second))
      .refused_and_recorded(Code::invalid_credentials, failed("bob", 5),
                            locked("bob", LockCause::passwords));
  story.when(change("bob", first, second)).refused(Code::invalid_credentials);
}

BOOST_AUTO_TEST_CASE(C3_the_record_keeps_the_outcome) {
  auto story = given(tenant("acme"), user("bob", first));
  story.when(change("bob", "wr0ng-guess", second));
  const auto* record = flatbuffers::GetRoot<schema::Record>(story.world().records().back().data());
  BOOST_TEST(record->outcome() == Code::invalid_credentials);
  BOOST_TEST(record->role() == Role::service);
}

BOOST_AUTO_TEST_CASE(C3_a_wrong_password_hides_what_else_is_wrong) {
  given(tenant("acme"), user("bob", first))
      .when(change("bob", "wr0ng-guess", "short"))
      .refused_and_recorded(Code::invalid_credentials, failed("bob", 1));
  given(tenant("acme"), user("bob", first))
      .when(change("bob", first, "short"))
      .refused(Code::password_too_short, Code::password_lacks_digit_or_symbol);
}

BOOST_AUTO_TEST_CASE(C3_a_change_stands_alone) {
  given(tenant("acme"), user("bob", first))
      .when(change("bob", first, second), change("bob", first, second))
      .refused(Code::field_malformed, Code::field_malformed)
      .naming("body");
}

BOOST_AUTO_TEST_CASE(C3_a_change_needs_both_passwords) {
  auto story = given(tenant("acme"), user("bob", first));
  story.when(change("bob", "", second)).refused(Code::field_missing).naming("current_password");
  story.when(change("bob", first, "")).refused(Code::field_missing).naming("password");
  story.when(change("nobody", "", ""))
      .refused(Code::field_missing, Code::field_missing)
      .naming("current_password")
      .naming("password");
}

BOOST_AUTO_TEST_CASE(C3_a_hash_alone_changes_nothing) {
  auto story = given(tenant("acme"), user("bob", first));
  const schema::CommandMessageT native = story.message({change("bob", first, second)});
  const Bytes bytes = packed<schema::CommandMessage>(native);
  const auto& message = *flatbuffers::GetRoot<schema::CommandMessage>(bytes.data());
  const domain::Operator asker = an_operator(Role::service);
  domain::Material material;
  material.current_password = first;
  material.password = second;
  material.sealed_password = sealed(second);
  const support::Decision decision = support::decide(story.state(), *message.commands()->Get(0), 0,
                                                     material, {0, &asker, &message});
  BOOST_TEST(decision.events.empty());
  BOOST_REQUIRE(decision.refusals.size() == 1U);
  BOOST_TEST(decision.refusals.front().code == Code::invalid_credentials);
}

BOOST_AUTO_TEST_CASE(C3_a_change_clears_the_count_and_no_lock) {
  auto story =
      given(tenant("acme"), user("bob", first), wrong, wrong, change("bob", first, second));
  BOOST_TEST(domain::extras_of(story.user("bob")).failures == 0U);
  story.given(command(schema::DisableTenantT()), command(schema::EnableTenantT()));
  story.when(change("bob", second, first)).refused(Code::invalid_credentials);
}

BOOST_AUTO_TEST_CASE(K2_a_change_may_name_the_version_once_it_is_verified) {
  auto story = given(tenant("acme"), user("bob", first));
  story.when(with_version(change("bob", "wr0ng-guess", second), 77))
      .refused_and_recorded(Code::invalid_credentials, failed("bob", 1));
  story.when(with_version(change("bob", first, second), 77))
      .refused(Code::version_conflict)
      .telling("It has version 2, expected was 77.");
  story.when(with_version(change("bob", first, second), 2)).then(was_changed("bob", second));
}

BOOST_AUTO_TEST_CASE(U13_a_users_own_change_raises_the_version) {
  auto story = given(tenant("acme"), user("bob", first), change("bob", first, second));
  BOOST_TEST(story.user("bob").version == 2U);
}

// ---- C9

struct Hidden {
  Code reason;
  schema::CommandT command;
  std::vector<schema::CommandT> before;
};

std::vector<Hidden> hidden_reasons() {
  const schema::CommandT changes = change("bob", first, second);
  schema::SetApiAccessT off;
  return {
      {Code::invalid_credentials, change("nobody", first, second), {}},
      {Code::invalid_credentials, change("bob", "wr0ng-guess", second), {}},
      {Code::user_locked, changes, {to("bob", schema::LockUserT())}},
      {Code::user_not_active, changes, {to("bob", schema::DisableUserT())}},
      {Code::user_not_active, changes, {to("bob", schema::TrashUserT())}},
      {Code::api_access_not_allowed, changes, {to("bob", off)}},
      {Code::password_not_set, change("eve", first, second), {user("eve")}},
  };
}

Outcome asked_by(Role role, bool tell_reasons, const Hidden& row) {
  schema::PoliciesT policies;
  policies.tell_reasons = tell_reasons;
  Scenario story;
  story.given_policies(policies).given(user("bob", first));
  for (const schema::CommandT& command : row.before) story.given(command);
  return story.by(role).when(row.command).outcome();
}

BOOST_AUTO_TEST_CASE(C9_a_service_hears_one_refusal_whatever_the_reason) {
  const schema::ProblemT same = asked_by(Role::service, false, hidden_reasons()[0]).refusals[0];
  BOOST_TEST(same.code == Code::invalid_credentials);
  for (const Hidden& row : hidden_reasons()) {
    BOOST_TEST_CONTEXT(row.reason) {
      const Outcome hidden = asked_by(Role::service, false, row);
      BOOST_REQUIRE(hidden.refusals.size() == 1U);
      BOOST_TEST((hidden.refusals[0] == same), "every field of the refusal is the same");
      BOOST_TEST(asked_by(Role::service, true, row).refusals[0].code == row.reason);
      BOOST_TEST(asked_by(Role::administrator, false, row).refusals[0].code == row.reason);
    }
  }
}

BOOST_AUTO_TEST_CASE(C9_a_service_hears_that_the_tenant_is_disabled) {
  given(tenant("acme"), user("bob", first), command(schema::DisableTenantT()))
      .when(change("bob", first, second))
      .refused(Code::tenant_disabled);
}

BOOST_AUTO_TEST_CASE(C9_a_service_cannot_try_a_change_on_somebody) {
  for (const char* username : {"bob", "nobody"}) {
    auto story = given(tenant("acme"), user("bob", first));
    schema::CommandMessageT message = story.message({change(username, first, second)});
    message.dry_run = true;
    story.send(message).refused(Code::not_permitted).naming("dry_run");
  }
  auto story = given(tenant("acme"), user("bob", first));
  schema::CommandMessageT message = story.message({change("bob", first, second)});
  message.dry_run = true;
  story.by(Role::administrator).send(message).would(was_changed("bob", second));
}

// ---- C5

BOOST_AUTO_TEST_CASE(C5_five_wrong_passwords_in_a_row_lock) {
  auto story = given(tenant("acme"), user("bob", first));
  for (unsigned count = 1; count < 5; ++count) story.when(wrong).then(failed("bob", count));
  BOOST_TEST(story.locks("bob").empty());
  story.when(wrong).then(failed("bob", 5), locked("bob", LockCause::passwords));
  BOOST_TEST(story.locks("bob") == std::vector{LockCause::passwords});
  BOOST_TEST(domain::extras_of(story.user("bob")).passwords_lock_seq == story.state().seq());
}

BOOST_AUTO_TEST_CASE(C5_while_locked_nothing_is_counted) {
  auto story = given(tenant("acme"), user("bob", first), wrong, wrong, wrong, wrong, wrong);
  story.when(wrong).refused(Code::user_locked);
  story.when(right).refused(Code::user_locked);
}

BOOST_AUTO_TEST_CASE(C5_a_success_clears_the_count) {
  auto story = given(tenant("acme"), user("bob", first), wrong, wrong, wrong, wrong);
  story.when(right).then(accepted("bob"));
  story.when(wrong).then(failed("bob", 1));
}

BOOST_AUTO_TEST_CASE(C5_a_success_on_a_clean_count_records_nothing) {
  given(tenant("acme"), user("bob", first)).when(right).then();
}

BOOST_AUTO_TEST_CASE(C5_a_reset_clears_count_and_lock) {
  auto story = given(tenant("acme"), user("bob", first), wrong, wrong, wrong, wrong, wrong,
                     reset("bob", second));
  BOOST_TEST(story.locks("bob").empty());
  story.when(wrong).then(failed("bob", 1));
}

BOOST_AUTO_TEST_CASE(C5_the_policy_says_how_many) {
  for (const std::uint16_t limit : std::initializer_list<std::uint16_t>{1, 2, 100}) {
    Scenario story;
    story.given_policies(lockout_after(limit)).given(user("bob", first));
    for (unsigned count = 1; count < limit; ++count) story.when(wrong).then(failed("bob", count));
    story.when(wrong).then(failed("bob", limit), locked("bob", LockCause::passwords));
  }
}

BOOST_AUTO_TEST_CASE(C5_a_thousand_guesses_at_once_are_still_five) {
  auto story = given(tenant("acme"), user("bob", first), wrong, wrong, wrong, wrong);
  story.when(wrong, wrong, wrong).refused(Code::user_locked, Code::user_locked);
}

BOOST_AUTO_TEST_CASE(C5_an_attempt_with_a_password_of_before_says_nothing) {
  auto story = given(tenant("acme"), user("bob", first));
  schema::CommandT stale = wrong;
  stale.body.AsRecordAttempt()->password_seq = story.user("bob").password_seq;
  story.given(reset("bob", second));
  story.when(stale).refused(Code::version_conflict).naming("password_seq");
}

BOOST_AUTO_TEST_CASE(C5_what_was_refused_before_the_password_does_not_count) {
  schema::SetApiAccessT off;
  const std::pair<Code, schema::CommandT> rows[] = {
      {Code::tenant_disabled, command(schema::DisableTenantT())},
      {Code::user_locked, to("bob", schema::LockUserT())},
      {Code::user_not_active, to("bob", schema::DisableUserT())},
      {Code::user_not_active, to("bob", schema::TrashUserT())},
      {Code::api_access_not_allowed, to("bob", off)},
  };
  for (const auto& [code, step] : rows)
    given(tenant("acme"), user("bob", first), step).when(wrong).refused(code);
}

BOOST_AUTO_TEST_CASE(C5_nobody_is_locked_for_a_password_that_is_not_there) {
  given(tenant("acme"), user("bob")).when(wrong).refused(Code::password_not_set).naming("user");
}

BOOST_AUTO_TEST_CASE(C5_each_failure_names_the_service_and_its_place_in_the_links) {
  auto story = given(tenant("acme"), user("bob", first), wrong, wrong, wrong, wrong);
  story.when(wrong).then(failed("bob", 5), locked("bob", LockCause::passwords));
  const auto& events = story.outcome().events;
  BOOST_TEST(events[0].previous_user_seq == story.state().seq() - 1);
  BOOST_TEST(events[1].previous_user_seq == story.state().seq());
}

// ---- order

BOOST_AUTO_TEST_CASE(reset_password_refuses_in_order) {
  Request good;
  good.asker = an_operator(Role::administrator);
  good.before = {user("bob")};
  good.command = reset("bob", first);
  const auto body = [](Request& request) { return request.command.body.AsResetPassword(); };
  refuses_in_order(
      good, joined(flaws_of_a_user(Code::user_not_active),
                   {{Code::password_confirmation_differs, "password_confirmation",
                     [&](Request& request) { body(request)->password_confirmation = second; }},
                    {Code::password_too_short, "password",
                     [&](Request& request) { body(request)->password = "a1"; }},
                    {Code::password_lacks_digit_or_symbol, "password",
                     [&](Request& request) { body(request)->password = "onlyletters"; }},
                    {Code::password_contains_forbidden_word, "password",
                     [&](Request& request) { body(request)->password = "my-password"; }}}));
}

BOOST_AUTO_TEST_CASE(change_password_refuses_in_order) {
  Request good;
  good.asker = an_operator(Role::service);
  good.policies.tell_reasons = true;
  good.before = {user("bob", first)};
  good.command = change("bob", first, second);
  const auto body = [](Request& request) { return request.command.body.AsChangePassword(); };
  const auto step = [](schema::CommandT command) {
    return [command](Request& request) { request.before.push_back(command); };
  };
  schema::SetApiAccessT off;
  refuses_in_order(
      good,
      joined({{Code::field_missing, "current_password",
               [&](Request& request) { body(request)->current_password.clear(); }},
              {Code::field_missing, "password",
               [&](Request& request) { body(request)->password.clear(); }}},
             joined(flaws_of_a_tenant(),
                    {{Code::invalid_credentials, "user",
                      [](Request& request) { request.command.user = "nobody"; }},
                     {Code::tenant_disabled, "user", step(command(schema::DisableTenantT()))},
                     {Code::user_locked, "user", step(to("bob", schema::LockUserT()))},
                     {Code::user_not_active, "user", step(to("bob", schema::DisableUserT()))},
                     {Code::api_access_not_allowed, "user", step(to("bob", off))},
                     {Code::password_not_set, "user",
                      [](Request& request) { request.before = {user("bob")}; }},
                     {Code::invalid_credentials, "",
                      [&](Request& request) { body(request)->current_password = "wr0ng-guess"; }},
                     {Code::version_conflict, "expected_version",
                      [](Request& request) { request.command.expected_version = 77; }},
                     {Code::password_confirmation_differs, "password_confirmation",
                      [&](Request& request) { body(request)->password_confirmation = first; }},
                     {Code::password_too_short, "password",
                      [&](Request& request) { body(request)->password = "a1"; }}})));
}

BOOST_AUTO_TEST_CASE(record_attempt_refuses_in_order) {
  Request good;
  good.asker = an_operator(Role::daemon);
  good.before = {user("bob", first)};
  good.command = wrong;
  const auto step = [](schema::CommandT command) {
    return [command](Request& request) { request.before.push_back(command); };
  };
  schema::SetApiAccessT off;
  refuses_in_order(
      good,
      joined(
          flaws_of_a_tenant(),
          {{Code::user_unknown, "user", [](Request& request) { request.command.user = "nobody"; }},
           {Code::field_missing, "service",
            [](Request& request) { request.command.body.AsRecordAttempt()->service.reset(); }},
           {Code::tenant_disabled, "user", step(command(schema::DisableTenantT()))},
           {Code::user_locked, "user", step(to("bob", schema::LockUserT()))},
           {Code::user_not_active, "user", step(to("bob", schema::DisableUserT()))},
           {Code::api_access_not_allowed, "user", step(to("bob", off))},
           {Code::password_not_set, "user",
            [](Request& request) { request.before = {user("bob")}; }},
           {Code::version_conflict, "password_seq",
            [](Request& request) { request.command.body.AsRecordAttempt()->password_seq = 77; }}}));
}

BOOST_AUTO_TEST_SUITE_END()
