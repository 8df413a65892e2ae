// What is listed of the present alone: open sessions, keys' last use, what expires; and records and
// calls between bounds. Through every service, as the daemon wires them.
#include <boost/test/unit_test.hpp>

#include "tests/unit/service/whole_service.h"

namespace postern::support {

namespace {

using schema::Code;
using schema::Role;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_ns = 86'400 * second_ns;
const std::string root = "uid:1";

/// Tenants `acme` and `umbra`, each with a user that has a key.
struct Shop {
  Shop() {
    for (const char* alias : {"acme", "umbra"}) {
      schema::CreateTenantT tenant;
      tenant.alias = alias;
      service.run("", "", std::move(tenant));
      for (const char* name : {"shop", "till"}) keys[alias][name] = make_user(alias, name);
    }
    service.add_operator("of-acme", Role::owner, 10, {"acme"});
    service.add_operator("of-umbra", Role::owner, 11, {"umbra"});
    service.add_operator("auditor", Role::auditor, 12, {"acme"});
    service.add_operator("shopfront", Role::service, 13, {"acme"});
  }

  std::string make_user(const std::string& alias, const std::string& name) {
    schema::CreateUserT user;
    user.username = name;
    service.run(alias, "", std::move(user));
    schema::CreateKeyT key;
    key.name = "first";
    return service.run(alias, name, std::move(key)).secrets.at(0);
  }

  schema::AuthenticatedT open(const std::string& alias, const std::string& name,
                              const std::string& asker = root) {
    schema::KeyCredentialT credential;
    credential.key = keys[alias][name];
    schema::AuthenticateT body;
    body.credential.Set(std::move(credential));
    return *answered(std::move(body), asker).AsAuthenticated();
  }
  schema::AuthenticatedT renew(const std::string& token) {
    schema::RenewSessionT body;
    body.token = token;
    return *answered(std::move(body), root).AsAuthenticated();
  }
  void check(const std::string& token, std::size_t count, const std::string& asker = root) {
    schema::CheckT body;
    schema::TokenCredentialT credential;
    credential.token = token;
    body.credential.Set(std::move(credential));
    for (std::size_t place = 0; place < count; ++place) {
      auto& question = body.questions.emplace_back(std::make_unique<schema::QuestionT>());
      question->action = "read";
      question->resource = "table/customer";
    }
    answered(std::move(body), asker);
  }

  template <class Body>
  schema::HistoryPageT page(Body body, const std::string& asker = root) {
    service.services().calls().turn();
    schema::HistoryRequestT request;
    request.body.Set(std::move(body));
    const auto bytes = service.request(std::move(request), asker);
    schema::HistoryPageT made;
    flatbuffers::GetRoot<schema::HistoryPage>(bytes.data())->UnPackTo(&made);
    return made;
  }
  schema::SessionPageT sessions(schema::ListSessionsT wanted = {},
                                const std::string& asker = root) {
    if (wanted.tenant.empty()) wanted.tenant = "acme";
    auto made = page(std::move(wanted), asker);
    BOOST_REQUIRE(made.code == Code::ok);
    return std::move(*made.body.AsSessionPage());
  }
  std::size_t open_count() { return sessions().sessions.size(); }
  void pass(std::int64_t seconds) { service.clock.advance_ms(seconds * 1'000); }

  WholeService service;
  std::map<std::string, std::map<std::string, std::string>> keys;

 private:
  template <class Body>
  schema::AnswerBodyUnion answered(Body body, const std::string& asker) {
    schema::QueryT query;
    query.body.Set(std::move(body));
    const auto bytes = service.ask(std::move(query), asker);
    schema::AnswerT made;
    flatbuffers::GetRoot<schema::Answer>(bytes.data())->UnPackTo(&made);
    BOOST_REQUIRE(made.code == Code::ok);
    return std::move(made.body);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(seen_tests, Shop)

// ---- sessions

BOOST_AUTO_TEST_CASE(S1_an_open_session_is_listed_with_what_is_known_of_it) {
  const std::int64_t opened_ns = service.clock.now_ns();
  const auto opened = open("acme", "shop");
  pass(60);
  check(opened.token, 1, "uid:13");
  check(opened.token, 3, "uid:13");
  const auto page = sessions();
  BOOST_REQUIRE(page.sessions.size() == 1U);
  const schema::SessionViewT& seen = *page.sessions[0];
  BOOST_TEST((*seen.session == *opened.session));
  BOOST_TEST(seen.username == "shop");
  BOOST_TEST(seen.opened_ns == opened_ns);
  BOOST_TEST(seen.last_used_ns == opened_ns + 60 * second_ns);
  BOOST_TEST(seen.expires_ns == opened.expires_ns);
  BOOST_TEST(seen.call_count == 3U);
  BOOST_TEST(seen.key_name == "first");
  BOOST_TEST(seen.service_name == "shopfront");
  BOOST_TEST(!page.more);
  BOOST_TEST(page.left_out == 0U);
}

BOOST_AUTO_TEST_CASE(S1_a_renewal_is_the_same_session_and_lasts_longer) {
  const auto opened = open("acme", "shop");
  pass(1'000);
  const auto renewed = renew(opened.token);
  check(opened.token, 1);
  const auto page = sessions();
  BOOST_REQUIRE(page.sessions.size() == 1U);
  BOOST_TEST(page.sessions[0]->expires_ns == renewed.expires_ns);
  pass(1'000);
  BOOST_TEST(open_count() == 1U);
  pass(801);
  BOOST_TEST(open_count() == 0U);
}

BOOST_AUTO_TEST_CASE(S2_a_session_that_died_is_not_listed) {
  open("acme", "shop");
  open("acme", "till");
  BOOST_TEST(open_count() == 2U);
  service.run("acme", "shop", schema::DisableUserT());
  BOOST_TEST(open_count() == 1U);
  service.run("acme", "", schema::EndTenantSessionsT());
  BOOST_TEST(open_count() == 0U);
}

BOOST_AUTO_TEST_CASE(S3_one_that_was_ended_alone_is_not_listed) {
  const auto first = open("acme", "shop");
  const auto second = open("acme", "shop");
  schema::EndSessionsT body;
  body.session = std::make_unique<schema::Uuid>(*first.session);
  service.run("acme", "shop", std::move(body));
  const auto page = sessions();
  BOOST_REQUIRE(page.sessions.size() == 1U);
  BOOST_TEST((*page.sessions[0]->session == *second.session));
  schema::RevokeKeyT revoked;
  revoked.name = "first";
  service.run("acme", "shop", std::move(revoked));
  BOOST_TEST(open_count() == 0U);
}

BOOST_AUTO_TEST_CASE(S1_sessions_are_listed_in_order_from_a_time_on_and_page_by_page) {
  std::vector<schema::Uuid> opened;
  std::int64_t third_ns = 0;
  for (int number = 0; number < 5; ++number) {
    if (number == 2) third_ns = service.clock.now_ns();
    opened.push_back(*open("acme", number % 2 == 0 ? "shop" : "till").session);
    pass(1);
  }
  for (const bool newest_first : {false, true}) {
    std::vector<schema::Uuid> listed;
    schema::ListSessionsT wanted;
    wanted.newest_first = newest_first;
    wanted.count_max = 2;
    for (bool more = true; more;) {
      const auto page = sessions(schema::ListSessionsT(wanted));
      for (const auto& one : page.sessions) listed.push_back(*one->session);
      BOOST_TEST(page.sessions.size() <= 2U);
      more = page.more;
      wanted.after = std::make_unique<schema::Uuid>(listed.back());
    }
    if (newest_first) std::ranges::reverse(listed);
    BOOST_TEST((listed == opened));
  }
  schema::ListSessionsT since;
  since.opened_from_ns = third_ns;
  BOOST_TEST(sessions(std::move(since)).sessions.size() == 3U);
  schema::ListSessionsT of_till;
  of_till.username = "till";
  BOOST_TEST(sessions(std::move(of_till)).sessions.size() == 2U);
}

BOOST_AUTO_TEST_CASE(O2_sessions_of_others_are_not_told) {
  open("acme", "shop");
  open("umbra", "shop");
  BOOST_TEST(sessions({}, "uid:10").sessions.size() == 1U);
  BOOST_TEST(sessions({}, "uid:12").sessions.size() == 1U);
  schema::ListSessionsT wanted;
  wanted.tenant = "acme";
  BOOST_TEST((page(schema::ListSessionsT(wanted), "uid:11").code == Code::tenant_unknown));
  BOOST_TEST((page(schema::ListSessionsT(wanted), "uid:13").code == Code::not_permitted));
  wanted.tenant = "nowhere";
  BOOST_TEST((page(schema::ListSessionsT(wanted)).code == Code::tenant_unknown));
  wanted.tenant = "acme";
  wanted.username = "nobody";
  BOOST_TEST((page(schema::ListSessionsT(wanted)).code == Code::user_unknown));
  schema::HistoryRequestT past;
  past.at_seq = 2;
  past.body.Set(schema::ListSessionsT(wanted));
  const auto bytes = service.request(std::move(past), root);
  BOOST_TEST(
      (flatbuffers::GetRoot<schema::HistoryPage>(bytes.data())->code() == Code::field_malformed));
}

// ---- keys

BOOST_AUTO_TEST_CASE(C8_when_a_key_was_used_last_is_told_at_once_and_not_of_the_past) {
  schema::GetUserT get;
  get.tenant = "acme";
  get.username = "shop";
  const auto last_used = [&](std::uint64_t at_seq) {
    service.services().calls().turn();
    schema::HistoryRequestT request;
    request.at_seq = at_seq;
    request.body.Set(schema::GetUserT(get));
    const auto bytes = service.request(std::move(request), root);
    schema::HistoryPageT made;
    flatbuffers::GetRoot<schema::HistoryPage>(bytes.data())->UnPackTo(&made);
    return made.body.AsUserView()->security->keys.at(0)->last_used_ns;
  };
  BOOST_TEST(last_used(0) == 0);
  pass(5);
  open("acme", "shop");
  BOOST_TEST(last_used(0) == service.clock.now_ns());
  BOOST_TEST(last_used(service.journal.head().seq - 1) == 0);
}

// ---- what expires

BOOST_AUTO_TEST_CASE(H8_what_expires_soon_is_told_soonest_first_and_in_scope) {
  const std::int64_t now_ns = service.clock.now_ns();
  const auto add_key = [&](const std::string& alias, const char* name, std::int64_t days) {
    schema::CreateKeyT key;
    key.name = name;
    key.expires_ns = now_ns + days * day_ns;
    service.run(alias, "shop", std::move(key));
  };
  add_key("acme", "late", 20);
  add_key("acme", "soon", 2);
  add_key("acme", "far", 40);
  add_key("umbra", "theirs", 3);
  schema::AddGrantT grant;
  grant.effect = schema::Effect::allow;
  grant.action = "read";
  grant.resource = "table/customer";
  grant.conditions = std::make_unique<schema::ConditionsT>();
  grant.conditions->not_after_ns = now_ns + 10 * day_ns;
  service.run("acme", "till", std::move(grant));
  const auto told = [&](schema::ListExpiringT wanted, const std::string& asker) {
    auto made = page(std::move(wanted), asker);
    BOOST_REQUIRE(made.code == Code::ok);
    std::string text = std::to_string(made.body.AsExpiringPage()->count) + ":";
    for (const auto& one : made.body.AsExpiringPage()->expiring)
      text += " " + one->tenant + "/" + one->username + "/" +
              (one->grant ? one->grant->resource : one->key_name);
    return text;
  };
  BOOST_TEST(told({}, root) ==
             "4: acme/shop/soon umbra/shop/theirs acme/till/table/customer acme/shop/late");
  BOOST_TEST(told({}, "uid:10") == "3: acme/shop/soon acme/till/table/customer acme/shop/late");
  BOOST_TEST(told({}, "uid:11") == "1: umbra/shop/theirs");
  schema::ListExpiringT two;
  two.count_max = 2;
  two.days = 50;
  BOOST_TEST(told(schema::ListExpiringT(two), "uid:10") ==
             "4: acme/shop/soon acme/till/table/customer");
  schema::ListExpiringT foreign;
  foreign.tenant = "umbra";
  BOOST_TEST((page(schema::ListExpiringT(foreign), "uid:10").code == Code::tenant_unknown));
  BOOST_TEST((page(schema::ListExpiringT(), "uid:13").code == Code::not_permitted));
  schema::ListExpiringT much;
  much.days = 3'651;
  BOOST_TEST((page(std::move(much)).code == Code::field_malformed));
  pass(3 * 86'400);
  BOOST_TEST(told({}, "uid:11") == "0:");
}

// ---- records and calls between bounds

BOOST_AUTO_TEST_CASE(Q7_records_are_asked_for_up_to_one_and_from_a_time_on) {
  const std::uint64_t before = service.journal.head().seq;
  pass(10);
  service.run("acme", "shop", schema::DisableUserT());
  const std::int64_t disabled_ns = service.clock.now_ns();
  pass(10);
  service.run("acme", "shop", schema::EnableUserT());
  const auto records = [&](schema::GetRecordsT wanted, const std::string& asker = root) {
    auto made = page(std::move(wanted), asker);
    BOOST_REQUIRE(made.code == Code::ok);
    return std::move(*made.body.AsRecordPage());
  };
  schema::GetRecordsT bounded;
  bounded.from_seq = 2;
  bounded.to_seq = 3;
  // It is answered at once.
  bounded.wait_ms = 10'000;
  const auto two = records(schema::GetRecordsT(bounded));
  BOOST_TEST(two.records.size() == 2U);
  BOOST_TEST(two.next_seq == 4U);
  bounded.from_seq = 4;
  BOOST_TEST(records(schema::GetRecordsT(bounded)).records.empty());
  schema::GetRecordsT since;
  since.from_time_ns = disabled_ns;
  BOOST_TEST(records(schema::GetRecordsT(since)).records.size() == 2U);
  BOOST_TEST(records(schema::GetRecordsT(since), "uid:11").records.empty());
  since.from_time_ns = disabled_ns + 1;
  BOOST_TEST(records(schema::GetRecordsT(since)).records.size() == 1U);
  since.from_time_ns = service.clock.now_ns() + 1;
  const auto none = records(schema::GetRecordsT(since));
  BOOST_TEST(none.records.empty());
  BOOST_TEST(none.next_seq == before + 3);
  since.from_time_ns = 1;
  BOOST_TEST(records(schema::GetRecordsT(since)).records.size() == before + 2);
}

BOOST_AUTO_TEST_CASE(L1_calls_are_asked_for_up_to_one_and_from_a_time_on) {
  schema::SetUserSettingsT logged;
  logged.api_logging = true;
  service.run("acme", "shop", std::move(logged));
  const auto opened = open("acme", "shop");
  for (int number = 0; number < 4; ++number) {
    pass(10);
    check(opened.token, 1);
  }
  const auto positions = [&](schema::ListCallsT wanted) {
    auto made = page(std::move(wanted));
    BOOST_REQUIRE(made.code == Code::ok);
    std::vector<std::uint64_t> found;
    for (const auto& call : made.body.AsCallPage()->calls) found.push_back(call->position);
    return std::pair(found, made.body.AsCallPage()->next);
  };
  using Found = std::pair<std::vector<std::uint64_t>, std::uint64_t>;
  schema::ListCallsT bounded;
  bounded.from = 2;
  bounded.to = 4;
  bounded.wait_ms = 10'000;
  BOOST_TEST((positions(schema::ListCallsT(bounded)) == Found({2, 3}, 4)));
  schema::ListCallsT since;
  since.from_time_ns = service.clock.now_ns() - 10 * second_ns;
  BOOST_TEST((positions(schema::ListCallsT(since)) == Found({4, 5}, 6)));
  since.from_time_ns = service.clock.now_ns() + 1;
  BOOST_TEST((positions(schema::ListCallsT(since)) == Found({}, 6)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
