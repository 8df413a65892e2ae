// Tokens, keys and passwords seen before, through writer and reader.
#include <boost/test/unit_test.hpp>

#include "tests/unit/service/audit.h"

namespace postern::support {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
const std::string password = "Corr3ct-horse";
const std::string service = "uid:7";

struct SessionShop : ServiceFixture {
  SessionShop() {
    create_acme();
    create_user("shop", password);
    allow("shop", "table/customer");
    add_operator("shopfront", schema::Role::service, 7);
  }

  schema::AuthenticatedT authenticate(const std::string& secret, bool declines = false) {
    auto query = by_password("acme", "shop", secret);
    query.body.AsAuthenticate()->decline_token = declines;
    return *answer(ask(std::move(query), service)).body.AsAuthenticated();
  }
  template <class Credential>
  schema::AuthenticatedT authenticate_by(Credential credential, const std::string& who = service) {
    schema::QueryT query;
    schema::AuthenticateT body;
    body.credential.Set(std::move(credential));
    query.body.Set(std::move(body));
    return *answer(ask(std::move(query), who)).body.AsAuthenticated();
  }
  template <class Credential>
  Code check_by(Credential credential, const std::string& resource = "table/customer") {
    auto query = by_name("", "", "read", resource);
    query.body.AsCheck()->credential.Set(std::move(credential));
    return answer(ask(std::move(query), service)).body.AsChecked()->decisions.at(0)->reason;
  }
  static schema::TokenCredentialT by_token(const std::string& token) {
    schema::TokenCredentialT credential;
    credential.token = token;
    return credential;
  }
  static schema::KeyCredentialT by_key(const std::string& key) {
    schema::KeyCredentialT credential;
    credential.key = key;
    return credential;
  }
  schema::AuthenticatedT renew(const std::string& token) {
    schema::QueryT query;
    schema::RenewSessionT body;
    body.token = token;
    query.body.Set(std::move(body));
    return *answer(ask(std::move(query), service)).body.AsAuthenticated();
  }
  Code check_token(const std::string& token) { return check_by(by_token(token)); }
  /// Q3, as the shopfront asks: which named nobody and may not.
  schema::HistoryPageT list_by(const std::string& token, schema::ListPermissionsT wanted = {}) {
    wanted.token = token;
    return Audit(*this).ask(std::move(wanted), "shopfront");
  }
  /// Whether a list by the token is answered as a check is, by this code.
  bool both_say(const std::string& token, Code code) {
    return check_token(token) == code && list_by(token).code == code;
  }

  static schema::CommandMessageT key_command(const std::string& name, std::int64_t expires_ns = 0,
                                             const std::string& narrowed_to = {}) {
    schema::CreateKeyT body;
    body.name = name;
    body.expires_ns = expires_ns;
    if (!narrowed_to.empty()) {
      auto& part = body.narrowed_to.emplace_back(std::make_unique<schema::NarrowingT>());
      part->action = "read";
      part->resource = narrowed_to;
    }
    return message("acme", "shop", std::move(body));
  }
  std::string create_key(const std::string& name, std::int64_t expires_ns = 0,
                         const std::string& narrowed_to = {}) {
    const auto receipt = run(key_command(name, expires_ns, narrowed_to));
    BOOST_REQUIRE(receipt.secrets.size() == 1);
    return receipt.secrets.front();
  }
  template <class Body>
  void change(Body body) {
    BOOST_REQUIRE(run(message("acme", "shop", std::move(body))).code == Code::ok);
  }
  void pass(std::int64_t seconds) { clock.advance_ms(seconds * 1'000); }
};

/// Times answers take: what comes without turning the writer needed no hash.
bool at_once(ServiceFixture& fixture, schema::QueryT query) {
  return fixture.has_answer(fixture.ask(std::move(query), service));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sessions_tests)

BOOST_FIXTURE_TEST_CASE(S1_a_token_stands_for_the_password_until_its_time, SessionShop) {
  const auto session = authenticate(password);
  BOOST_REQUIRE(session.allowed);
  BOOST_TEST(session.token.starts_with("psts_"));
  BOOST_TEST(session.username == "shop");
  BOOST_TEST(session.expires_ns == clock.now_ns() + 1'800 * second_ns);
  BOOST_TEST((check_token(session.token) == Code::ok));
  const auto again = authenticate_by(by_token(session.token));
  BOOST_TEST(again.allowed);
  BOOST_TEST(again.token == "");
  BOOST_TEST((*again.session == *session.session));
  pass(1'799);
  BOOST_TEST((check_token(session.token) == Code::ok));
  pass(1);
  BOOST_TEST((check_token(session.token) == Code::session_expired));
  BOOST_TEST((renew(session.token).reason == Code::session_expired));
}

BOOST_FIXTURE_TEST_CASE(time_what_has_expired_lives_no_more_when_the_clock_is_set_back,
                        SessionShop) {
  const auto session = authenticate(password);
  const std::string key = create_key("ends", clock.now_ns() + 1'000 * second_ns);
  schema::AddGrantT grant;
  grant.effect = schema::Effect::allow;
  grant.action = "read";
  grant.resource = "table/ends";
  grant.conditions = std::make_unique<schema::ConditionsT>();
  grant.conditions->not_after_ns = clock.now_ns() + 1'000 * second_ns;
  change(std::move(grant));
  BOOST_TEST((check_by(by_key(key), "table/ends") == Code::ok));
  pass(1'801);
  create_key("later");
  for (const std::int64_t back_s : {0, 200, 1'500, 86'400}) {
    BOOST_TEST_CONTEXT("back by s " << back_s) {
      clock.set_back_ms(back_s * 1'000);
      BOOST_TEST(both_say(session.token, Code::session_expired));
      BOOST_TEST((check_by(by_key(key)) == Code::credential_expired));
      const auto by_owner = answer(ask(by_name("acme", "shop", "read", "table/ends")));
      BOOST_TEST(
          (by_owner.body.AsChecked()->decisions.at(0)->reason == Code::condition_not_met));
      BOOST_TEST(by_owner.time_ns >= writer->state().time_ns());
    }
  }
}

BOOST_FIXTURE_TEST_CASE(time_nothing_ends_when_the_clock_jumps_ahead, SessionShop) {
  const auto session = authenticate(password);
  clock.set_forward_ms(86'400'000);
  BOOST_TEST(both_say(session.token, Code::ok));
  pass(1'801);
  BOOST_TEST(both_say(session.token, Code::session_expired));
}

BOOST_FIXTURE_TEST_CASE(S1_a_renewal_never_goes_beyond_a_day, SessionShop) {
  auto session = authenticate(password);
  const std::int64_t end_ns = clock.now_ns() + 86'400 * second_ns;
  const auto id = *session.session;
  for (int count = 0; count < 200 && session.expires_ns < end_ns; ++count) {
    pass(1'000);
    session = renew(session.token);
    BOOST_REQUIRE(session.allowed);
    BOOST_TEST((*session.session == id));
  }
  BOOST_TEST(session.expires_ns == end_ns);
  pass((end_ns - clock.now_ns()) / second_ns);
  BOOST_TEST((check_token(session.token) == Code::session_expired));
}

BOOST_FIXTURE_TEST_CASE(S1_a_token_changed_anywhere_is_nobodys, SessionShop) {
  const std::string token = authenticate(password).token;
  for (std::size_t place = 0; place < token.size(); place += 7) {
    std::string other = token;
    other[place] = other[place] == 'A' ? 'B' : 'A';
    BOOST_TEST((check_token(other) == Code::invalid_credentials), "at " << place);
  }
  BOOST_TEST((check_token(token + "A") == Code::invalid_credentials));
  BOOST_TEST((check_token("") == Code::invalid_credentials));
}

BOOST_FIXTURE_TEST_CASE(S1_a_token_that_is_declined_is_not_made, SessionShop) {
  const auto got = authenticate(password, true);
  BOOST_TEST(got.allowed);
  BOOST_TEST(got.token == "");
  BOOST_TEST(got.session == nullptr);
}

BOOST_FIXTURE_TEST_CASE(S1_a_question_that_names_another_tenant_is_not_for_the_token, SessionShop) {
  const std::string token = authenticate(password).token;
  auto query = by_name("other", "", "read", "table/customer");
  query.body.AsCheck()->credential.Set(by_token(token));
  BOOST_TEST((answer(ask(std::move(query), service)).body.AsChecked()->decisions.at(0)->reason ==
              Code::invalid_credentials));
}

BOOST_FIXTURE_TEST_CASE(Q1_a_key_or_token_beside_another_name_is_nobodys, SessionShop) {
  create_user("other");
  const std::string key = run(key_command("till")).secrets.at(0);
  const std::string token = authenticate_by(by_key(key)).token;
  const auto reason = [&](auto credential, const std::string& name, bool checks) {
    credential.username = name;
    auto query = by_name("acme", "", "read", "table/customer");
    if (checks) {
      query.body.AsCheck()->credential.Set(std::move(credential));
      return answer(ask(std::move(query))).body.AsChecked()->decisions.at(0)->reason;
    }
    schema::AuthenticateT body;
    body.credential.Set(std::move(credential));
    query.body.Set(std::move(body));
    return answer(ask(std::move(query))).body.AsAuthenticated()->reason;
  };
  for (const auto& [name, expected] : {std::pair<std::string, Code>{"shop", Code::ok},
                                       {"SHOP", Code::ok},
                                       {"", Code::ok},
                                       {"other", Code::invalid_credentials},
                                       {"nobody", Code::invalid_credentials}}) {
    for (const bool checks : {false, true}) {
      BOOST_TEST((reason(by_key(key), name, checks) == expected), name);
      BOOST_TEST((reason(by_token(token), name, checks) == expected), name);
    }
    schema::ListPermissionsT list;
    list.tenant = "acme";
    list.token = token;
    list.username = name;
    BOOST_TEST((Audit(*this).ask(std::move(list)).code == expected), name);
  }
}

BOOST_FIXTURE_TEST_CASE(S2_a_token_dies_with_a_lock_and_stays_dead, SessionShop) {
  const std::string token = authenticate(password).token;
  change(schema::LockUserT());
  BOOST_TEST((check_token(token) == Code::user_locked));
  change(schema::UnlockUserT());
  BOOST_TEST((check_token(token) == Code::session_expired));
  BOOST_TEST((renew(token).reason == Code::session_expired));
}

BOOST_FIXTURE_TEST_CASE(S2_a_token_dies_with_its_tenant, SessionShop) {
  const std::string token = authenticate(password).token;
  run(message("acme", "", schema::DisableTenantT()));
  BOOST_TEST((check_token(token) == Code::tenant_disabled));
  run(message("acme", "", schema::EnableTenantT()));
  schema::ResetPasswordT reset;
  reset.password = password;
  change(std::move(reset));
  BOOST_TEST((check_token(token) == Code::session_expired));
}

BOOST_FIXTURE_TEST_CASE(Q3_a_service_lists_what_the_user_of_a_token_may_do, SessionShop) {
  create_user("other", password);
  allow("other", "table/secret");
  const std::string token = authenticate(password).token;
  const auto page = list_by(token);
  BOOST_REQUIRE(page.code == Code::ok);
  const auto& told = *page.body.AsPermissionPage();
  BOOST_TEST(told.stops.empty());
  BOOST_REQUIRE(told.permissions.size() == 1);
  BOOST_TEST(told.permissions[0]->grant->resource == "table/customer");
  BOOST_TEST((told.permissions[0]->state == Code::ok));
  schema::ListPermissionsT named;
  named.tenant = "acme";
  named.username = "other";
  const auto refused = Audit(*this).ask(schema::ListPermissionsT(named), "shopfront");
  BOOST_TEST((refused.code == Code::not_permitted));
  BOOST_TEST(refused.problems.at(0)->field == "username");
  // The token names the user, and a name beside it must be that one's.
  BOOST_TEST((list_by(token, named).code == Code::invalid_credentials));
  named.username = "shop";
  BOOST_TEST((list_by(token, named).code == Code::ok));
  named.username.clear();
  BOOST_TEST((list_by(token, named).code == Code::ok));
  named.tenant = "elsewhere";
  BOOST_TEST((list_by(token, named).code == Code::invalid_credentials));
  BOOST_TEST((list_by(token + "A").code == Code::invalid_credentials));
}

BOOST_FIXTURE_TEST_CASE(Q3_a_list_by_token_ends_with_the_tokens_time, SessionShop) {
  const auto session = authenticate(password);
  pass(1'799);
  BOOST_TEST(both_say(session.token, Code::ok));
  pass(1);
  BOOST_TEST(both_say(session.token, Code::session_expired));
}

BOOST_FIXTURE_TEST_CASE(S2_a_dead_token_lists_nothing, SessionShop) {
  const auto ended = authenticate(password);
  const auto one = authenticate(password);
  schema::EndSessionsT end;
  end.session = std::make_unique<schema::Uuid>(*ended.session);
  change(std::move(end));
  BOOST_TEST(both_say(ended.token, Code::session_expired));
  BOOST_TEST(both_say(one.token, Code::ok));
  change(schema::LockUserT());
  BOOST_TEST(both_say(one.token, Code::user_locked));
  change(schema::UnlockUserT());
  BOOST_TEST(both_say(one.token, Code::session_expired));
  const std::string last = authenticate(password).token;
  BOOST_TEST(both_say(last, Code::ok));
  run(message("acme", "", schema::DisableTenantT()));
  BOOST_TEST(both_say(last, Code::tenant_disabled));
}

BOOST_FIXTURE_TEST_CASE(N1_a_list_by_token_stops_where_a_check_would, SessionShop) {
  const std::string token = authenticate(password).token;
  schema::SetUserSettingsT settings;
  settings.networks = std::make_unique<schema::NetworksT>();
  settings.networks->entries = {"192.0.2.0/24"};
  change(std::move(settings));
  BOOST_TEST(both_say(token, Code::network_not_allowed));
  schema::ListPermissionsT within;
  within.call = std::make_unique<schema::CallT>();
  within.call->address = "192.0.2.7";
  BOOST_TEST((list_by(token, within).code == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(C8_a_narrowed_session_lists_what_its_checks_allow, SessionShop) {
  allow("shop", "table/invoice");
  allow("shop", "table/*/email");
  const auto listed = [&](const std::string& name, const std::string& narrowed_to) {
    const std::string key = create_key(name, 0, narrowed_to);
    const std::string token = authenticate_by(by_key(key)).token;
    const auto page = list_by(token);
    BOOST_REQUIRE(page.code == Code::ok);
    std::vector<std::string> resources;
    for (const auto& permission : page.body.AsPermissionPage()->permissions) {
      const std::string& resource = permission->grant->resource;
      resources.push_back(resource);
      BOOST_TEST((check_by(by_token(token), resource) == Code::ok), resource);
    }
    return resources;
  };
  using Resources = std::vector<std::string>;
  // Each grant tells the part of it that the key is for.
  BOOST_TEST((listed("one", "table/customer/email") ==
              Resources{"table/customer/email", "table/customer/email"}));
  BOOST_TEST(
      (listed("two", "table/customer") == Resources{"table/customer", "table/customer/email"}));
  BOOST_TEST((listed("three", "table/order") == Resources{"table/order/email"}));
}

BOOST_FIXTURE_TEST_CASE(S3_one_session_ends_and_another_goes_on, SessionShop) {
  const auto one = authenticate(password);
  const auto other = authenticate(password);
  schema::EndSessionsT body;
  body.session = std::make_unique<schema::Uuid>(*one.session);
  change(std::move(body));
  BOOST_TEST((check_token(one.token) == Code::session_expired));
  BOOST_TEST((check_token(other.token) == Code::ok));
  change(schema::EndSessionsT());
  BOOST_TEST((check_token(other.token) == Code::session_expired));
  const auto third = authenticate(password);
  run(message("acme", "", schema::EndTenantSessionsT()));
  BOOST_TEST((check_token(third.token) == Code::session_expired));
}

BOOST_FIXTURE_TEST_CASE(C11_a_verified_password_needs_no_hash_until_the_user_changes, SessionShop) {
  BOOST_TEST(!at_once(*this, by_password("acme", "shop", password)));
  BOOST_REQUIRE(authenticate(password).allowed);
  BOOST_TEST(at_once(*this, by_password("acme", "shop", password)));
  BOOST_TEST(!at_once(*this, by_password("acme", "shop", "wrong-0ne")));
  BOOST_TEST(!authenticate("wrong-0ne").allowed);
  BOOST_TEST(!at_once(*this, by_password("acme", "shop", password)));
  BOOST_REQUIRE(authenticate(password).allowed);
  allow("shop", "table/other");
  BOOST_TEST(!at_once(*this, by_password("acme", "shop", password)));
}

BOOST_FIXTURE_TEST_CASE(C11_every_stop_still_runs, SessionShop) {
  BOOST_REQUIRE(authenticate(password).allowed);
  auto query = by_password("acme", "shop", password);
  query.call = std::make_unique<schema::CallT>();
  query.call->channel = schema::Channel::interactive;
  BOOST_TEST((answer(ask(std::move(query), service)).body.AsAuthenticated()->reason ==
              Code::interactive_not_allowed));
  run(message("acme", "", schema::DisableTenantT()));
  BOOST_TEST((authenticate(password).reason == Code::tenant_disabled));
}

BOOST_FIXTURE_TEST_CASE(C8_no_receipt_shows_a_secret_once_the_journal_has_failed, SessionShop) {
  const auto head = journal.head().seq;
  // Durable, but queries do not show it yet, so its receipt waits: it tells who may connect.
  const auto durable = send(key_command("durable"));
  const auto plain = send(message("acme", "shop", schema::LockUserT()));
  schema::RemoveOperatorT removed;
  removed.name = "shopfront";
  send(message("", "", std::move(removed)));
  writer->commit();
  BOOST_TEST(journal.head().seq == head + 3);
  BOOST_REQUIRE((!has_receipt(durable) && !has_receipt(plain)));
  journal.fail_from(1);
  const auto failing = send(key_command("failing"));
  writer->commit();
  BOOST_REQUIRE(journal.fired() == 1);
  BOOST_TEST(vitals.degraded);
  turn_until([&] { return has_receipt(failing); });
  for (const auto& sent : {durable, failing}) {
    BOOST_TEST((receipt(sent).code == Code::journal_unavailable));
    BOOST_TEST((receipt(sent).secrets.empty() && receipt(sent).events.empty()));
  }
  // What shows none is told: it is on the disk.
  BOOST_TEST((receipt(plain).code == Code::ok));
  const auto after = run(key_command("after"));
  BOOST_TEST((after.code == Code::journal_unavailable && after.secrets.empty()));
}

BOOST_FIXTURE_TEST_CASE(C11_with_a_failing_journal_what_was_verified_is_answered, SessionShop) {
  BOOST_REQUIRE(authenticate(password).allowed);
  const std::string key = create_key("one");
  BOOST_REQUIRE(authenticate(password).allowed);
  journal.fail_from(journal.head().seq + 1);
  run(message("acme", "shop", schema::LockUserT()));
  BOOST_REQUIRE(vitals.degraded);
  BOOST_TEST(authenticate(password).allowed);
  BOOST_TEST((check_by(by_key(key)) == Code::ok));
  BOOST_TEST((answer(ask(by_password("acme", "shop", "wrong-0ne"), service)).code ==
              Code::journal_unavailable));
}

BOOST_FIXTURE_TEST_CASE(C8_a_key_is_shown_once_and_stands_for_the_user, SessionShop) {
  auto made = key_command("one");
  made.id = std::make_unique<schema::Uuid>(fresh_id());
  const auto first = run(made);
  const auto second = run(made);
  BOOST_REQUIRE(first.secrets.size() == 1);
  BOOST_TEST(first.secrets[0].size() == 99);
  BOOST_TEST(first.secrets[0].starts_with("pstk_"));
  BOOST_TEST(first.problems.empty());
  BOOST_TEST(second.repeated);
  BOOST_TEST((second.code == Code::ok));
  BOOST_TEST(second.secrets.empty());
  BOOST_REQUIRE(second.problems.size() == 1);
  BOOST_TEST((second.problems[0]->code == Code::secret_shown_before));
  BOOST_TEST(second.events.at(0)->body.AsKeyCreated()->hash.empty());
  BOOST_TEST((check_by(by_key(first.secrets[0])) == Code::ok));
  BOOST_TEST(authenticate_by(by_key(first.secrets[0])).token.starts_with("psts_"));
}

BOOST_FIXTURE_TEST_CASE(C8_a_dry_run_shows_no_key, SessionShop) {
  auto made = key_command("one");
  made.dry_run = true;
  const auto receipt = run(std::move(made));
  BOOST_TEST((receipt.code == Code::ok));
  BOOST_TEST(receipt.secrets.empty());
  BOOST_TEST(domain::extras_of(user("shop")).keys.empty());
}

BOOST_FIXTURE_TEST_CASE(C8_a_revoked_key_ends_with_the_sessions_it_made, SessionShop) {
  const std::string key = create_key("one");
  const std::string token = authenticate_by(by_key(key)).token;
  BOOST_TEST((check_token(token) == Code::ok));
  schema::RevokeKeyT revoke;
  revoke.name = "one";
  change(std::move(revoke));
  BOOST_TEST((check_by(by_key(key)) == Code::invalid_credentials));
  BOOST_TEST((check_token(token) == Code::session_expired));
}

BOOST_FIXTURE_TEST_CASE(C8_a_key_expires_with_the_sessions_it_made, SessionShop) {
  const std::int64_t expires_ns = clock.now_ns() + 60 * second_ns;
  const std::string key = create_key("one", expires_ns);
  const auto session = authenticate_by(by_key(key));
  BOOST_TEST(session.expires_ns == expires_ns);
  pass(60);
  BOOST_TEST((check_by(by_key(key)) == Code::credential_expired));
  BOOST_TEST((check_token(session.token) == Code::session_expired));
}

BOOST_FIXTURE_TEST_CASE(C8_a_narrowed_key_narrows_its_session_too, SessionShop) {
  const std::string key = create_key("one", 0, "table/customer/email");
  const std::string token = authenticate_by(by_key(key)).token;
  for (const bool by_session : {false, true}) {
    const auto check = [&](const std::string& resource) {
      return by_session ? check_by(by_token(token), resource) : check_by(by_key(key), resource);
    };
    BOOST_TEST((check("table/customer/email") == Code::ok));
    BOOST_TEST((check("table/customer") == Code::no_matching_grant));
    BOOST_TEST((check("table/customer/name") == Code::no_matching_grant));
  }
}

BOOST_FIXTURE_TEST_CASE(C9_until_its_secret_is_verified_a_key_tells_nothing, SessionShop) {
  const std::string key = create_key("one");
  change(schema::LockUserT());
  // Another secret for the same key and user: as a stranger would make it who knows the ids.
  platform::SystemEntropy entropy;
  const auto& entry = domain::extras_of(user("shop")).keys.at(0);
  const auto forged =
      credential::make_api_key(credential::Key(), {entry.id, user("shop").id}, entropy);
  const std::string wrong(forged.text.reveal());
  BOOST_TEST((authenticate_by(by_key(wrong)).reason == Code::invalid_credentials));
  BOOST_TEST((authenticate_by(by_key(wrong), owner).reason == Code::user_locked));
  BOOST_TEST((authenticate_by(by_key(key)).reason == Code::user_locked));
  std::string typo = key;
  typo.back() = typo.back() == '0' ? '1' : '0';
  BOOST_TEST((authenticate_by(by_key(typo), owner).reason == Code::invalid_credentials));
}

BOOST_FIXTURE_TEST_CASE(C7_both_passwords_are_right_until_the_old_ones_time, SessionShop) {
  const std::string newer = "N3wer-secret-word";
  schema::RotatePasswordT rotate;
  rotate.password = newer;
  rotate.old_valid_until_ns = clock.now_ns() + 3'600 * second_ns;
  change(std::move(rotate));
  BOOST_TEST(authenticate(password).allowed);
  BOOST_TEST(authenticate(newer).allowed);
  BOOST_TEST(authenticate(password).allowed);
  BOOST_TEST(!authenticate("wrong-0ne").allowed);
  BOOST_TEST(authenticate(password).allowed);
  pass(3'600);
  BOOST_TEST((authenticate(password).reason == Code::invalid_credentials));
  BOOST_TEST(authenticate(newer).allowed);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
