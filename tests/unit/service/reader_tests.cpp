#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/unit/service/service_fixture.h"

namespace postern::support {

namespace {

const std::string password = "Corr3ct-horse";

struct ReaderShop : ServiceFixture {
  ReaderShop() {
    create_acme();
    create_user("shop", password);
    allow("shop", "table/customer");
    add_operator("shopfront", schema::Role::service, 7);
    add_operator("gateway", schema::Role::service, 8, true);
  }

  Code authenticate(const std::string& name, const std::string& secret,
                    const std::string& identity = owner) {
    const auto got = answer(ask(by_password("acme", name, secret), identity));
    return got.code != Code::ok ? got.code : got.body.AsAuthenticated()->reason;
  }
  Code check(const std::string& resource, const std::string& identity = owner) {
    const auto got = answer(ask(by_name("acme", "shop", "read", resource), identity));
    return got.code != Code::ok ? got.code : got.body.AsChecked()->decisions.at(0)->reason;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(reader_tests)

BOOST_FIXTURE_TEST_CASE(A10_an_answer_names_the_grant_and_the_state_it_was_made_from, ReaderShop) {
  const auto got = answer(ask(by_name("acme", "shop", "read", "table/customer/email")));
  const auto& decision = *got.body.AsChecked()->decisions.at(0);
  BOOST_TEST(decision.allowed);
  BOOST_TEST(decision.grant->resource == "table/customer");
  BOOST_TEST(decision.grant->reference->seq == user("shop").grants->sorted()[0].seq);
  BOOST_TEST(got.seq == journal.head().seq);
  BOOST_TEST(got.time_ns == clock.now_ns());
}

BOOST_FIXTURE_TEST_CASE(C5_a_thousand_guesses_at_once_are_five, ReaderShop) {
  std::vector<std::string> asked;
  for (int index = 0; index < 1'000; ++index)
    asked.push_back(ask(
        by_password("acme", "shop", index == 500 ? password : "wrong-" + std::to_string(index))));
  for (const std::string& one : asked) {
    const auto got = answer(one);
    BOOST_REQUIRE((got.code == Code::ok));
    BOOST_REQUIRE(!got.body.AsAuthenticated()->allowed);
  }
  BOOST_TEST(events_of(schema::EventBody::PasswordFailed) == 5);
  BOOST_TEST(domain::extras_of(user("shop")).failures == 5);
  BOOST_TEST((authenticate("shop", password) == Code::user_locked));
}

BOOST_FIXTURE_TEST_CASE(C5_with_a_failing_journal_no_password_is_verified, ReaderShop) {
  journal.fail_from(journal.head().seq + 1);
  std::vector<std::string> asked;
  for (int index = 0; index < 100; ++index)
    asked.push_back(ask(
        by_password("acme", "shop", index == 50 ? password : "wrong-" + std::to_string(index))));
  for (const std::string& one : asked) BOOST_TEST((answer(one).code == Code::journal_unavailable));
  BOOST_TEST(journal.fired() >= 1);
  BOOST_TEST(vitals.degraded);
  BOOST_TEST((check("table/customer") == Code::ok));
}

struct CannotRecord {
  const char* name;
  std::atomic<bool> service::Vitals::*flag;
  Code code;
};

constexpr CannotRecord reasons_not_to_record[] = {
    {"clock", &service::Vitals::clock_suspect, Code::clock_suspect},
    {"disk", &service::Vitals::disk_low, Code::disk_low},
    {"stop", &service::Vitals::stopping, Code::stopping}};

BOOST_FIXTURE_TEST_CASE(C5_C9_while_nothing_can_be_recorded_no_password_is_looked_at, ReaderShop) {
  // The disk of this daemon is looked at each second; it stays as the test says.
  disk_free = 0;
  for (const CannotRecord& row : reasons_not_to_record) {
    BOOST_TEST_CONTEXT(row.name) {
      const std::uint64_t hashes = vitals.password_hashes;
      vitals.*row.flag = true;
      for (const char* name : {"shop", "nobody"})
        for (const std::string& tried : {password, std::string("wr0ng-guess")})
          BOOST_TEST((answer(ask(by_password("acme", name, tried))).code == row.code));
      BOOST_TEST(vitals.password_hashes == hashes);
      vitals.*row.flag = false;
    }
  }
  BOOST_TEST(domain::extras_of(user("shop")).failures == 0);
  BOOST_TEST((authenticate("shop", password) == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(C5_an_attempt_that_the_writer_cannot_record_is_not_tried_again,
                        ReaderShop) {
  disk_free = 0;
  for (const CannotRecord& row : reasons_not_to_record) {
    BOOST_TEST_CONTEXT(row.name) {
      const std::uint64_t hashes = vitals.password_hashes;
      const std::string asked = ask(by_password("acme", "shop", "wr0ng-guess"));
      std::unique_ptr<service::Attempt> attempt;
      while (attempt == nullptr) {
        reader->turn();
        mail().writer_attempts.drain([&](auto letter) { attempt = std::move(letter); });
      }
      vitals.*row.flag = true;
      mail().writer_attempts.post(std::move(attempt));
      BOOST_TEST((answer(asked).code == row.code));
      BOOST_TEST(vitals.password_hashes == hashes + 1);
      vitals.*row.flag = false;
    }
  }
  BOOST_TEST(events_of(schema::EventBody::PasswordFailed) == 0);
}

BOOST_FIXTURE_TEST_CASE(C4_what_a_removed_operator_still_sends_is_wiped, ReaderShop) {
  const auto is_wiped = [](auto& service) {
    std::vector<std::byte> bytes(200, std::byte{'x'});
    service.take({platform::Peer{"1", 0, false}, "uid:99", bytes});
    return bytes == std::vector<std::byte>(200);
  };
  BOOST_TEST(is_wiped(*reader));
  BOOST_TEST(is_wiped(*writer));
}

BOOST_FIXTURE_TEST_CASE(S2_a_right_password_recorded_beside_a_lock_opens_no_session, ReaderShop) {
  // So that the right one has a count to clear, and passes through the writer.
  authenticate("shop", "wrong-0ne");
  const std::string asked = ask(by_password("acme", "shop", password));
  std::unique_ptr<service::Attempt> attempt;
  while (attempt == nullptr) {
    reader->turn();
    mail().writer_attempts.drain([&](auto letter) { attempt = std::move(letter); });
  }
  mail().writer_attempts.post(std::move(attempt));
  writer->turn();
  const std::string lock = send(message("acme", "shop", schema::LockUserT()));
  const auto got = answer(asked);
  BOOST_TEST((receipt(lock).code == Code::ok));
  BOOST_TEST(events_of(schema::EventBody::PasswordAccepted) == 1);
  BOOST_TEST((got.body.AsAuthenticated()->reason == Code::user_locked));
  BOOST_TEST(got.body.AsAuthenticated()->token == "");
}

BOOST_FIXTURE_TEST_CASE(C5_a_success_clears_the_count, ReaderShop) {
  for (int index = 0; index < 4; ++index) authenticate("shop", "wrong-0ne");
  BOOST_TEST(domain::extras_of(user("shop")).failures == 4);
  BOOST_TEST((authenticate("shop", password) == Code::ok));
  BOOST_TEST(domain::extras_of(user("shop")).failures == 0);
  BOOST_TEST(events_of(schema::EventBody::PasswordAccepted) == 1);
  BOOST_TEST((authenticate("shop", password) == Code::ok));
  BOOST_TEST(events_of(schema::EventBody::PasswordAccepted) == 1);
}

BOOST_FIXTURE_TEST_CASE(C9_a_service_is_not_told_why_and_an_owner_is, ReaderShop) {
  BOOST_TEST((authenticate("nobody", password, "uid:7") == Code::invalid_credentials));
  BOOST_TEST((authenticate("shop", "wrong-0ne", "uid:7") == Code::invalid_credentials));
  run(message("acme", "shop", schema::LockUserT()));
  BOOST_TEST((authenticate("shop", password, "uid:7") == Code::invalid_credentials));
  BOOST_TEST((authenticate("shop", password) == Code::user_locked));
  BOOST_TEST((check("table/customer", "uid:8") == Code::user_locked));
}

BOOST_FIXTURE_TEST_CASE(C9_a_disabled_tenant_is_told_whoever_the_name_is, ReaderShop) {
  run(message("acme", "", schema::DisableTenantT()));
  BOOST_TEST((authenticate("shop", password, "uid:7") == Code::tenant_disabled));
  BOOST_TEST((authenticate("nobody", password, "uid:7") == Code::tenant_disabled));
}

BOOST_FIXTURE_TEST_CASE(Q2_each_check_is_of_the_tenant_as_it_is_by_then, ReaderShop) {
  BOOST_TEST((check("table/customer") == Code::ok));
  run(message("acme", "", schema::DisableTenantT()));
  BOOST_TEST((check("table/customer") == Code::tenant_disabled));
  // Each of its users then needs a new password.
  run(message("acme", "", schema::EnableTenantT()));
  BOOST_TEST((check("table/customer") == Code::user_locked));
}

/// Alone it is answered where it lies; with what says nothing more about the call, from a copy.
BOOST_FIXTURE_TEST_CASE(Q2_a_plain_check_is_answered_as_any_other, ReaderShop) {
  const auto told = [&](schema::QueryT query, const std::string& identity) {
    schema::AnswerT got = answer(ask(std::move(query), identity));
    got.id = 0;
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateAnswer(builder, &got));
    return std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()),
                       builder.GetSize());
  };
  std::set<std::string> different;
  for (const std::string& identity :
       {std::string(owner), std::string("uid:7"), std::string("uid:8")})
    for (const char* tenant : {"acme", "nobodys", ""})
      for (const char* name : {"shop", "SHOP", "nobody", ""})
        for (const char* resource : {"table/customer", "table/order", "no/kind", "not a path", ""})
          for (const char* action : {"read", "fly", ""}) {
            schema::QueryT with_call = by_name(tenant, name, action, resource);
            with_call.call = std::make_unique<schema::CallT>();
            with_call.call->channel = schema::Channel::program;
            const std::string answered = told(by_name(tenant, name, action, resource), identity);
            BOOST_TEST(answered == told(std::move(with_call), identity));
            different.insert(answered);
          }
  BOOST_TEST(different.size() > 5U);
}

BOOST_FIXTURE_TEST_CASE(O1_a_service_checks_by_bare_name_only_if_it_vouches, ReaderShop) {
  BOOST_TEST((check("table/customer", "uid:7") == Code::not_permitted));
  BOOST_TEST((check("table/customer", "uid:8") == Code::ok));
}

BOOST_FIXTURE_TEST_CASE(U10_the_interactive_channel_is_denied_whatever_the_password, ReaderShop) {
  for (const char* secret : {"wrong-0ne", password.c_str()}) {
    auto query = by_password("acme", "shop", secret);
    query.call = std::make_unique<schema::CallT>();
    query.call->channel = schema::Channel::interactive;
    BOOST_TEST((answer(ask(std::move(query))).body.AsAuthenticated()->reason ==
                Code::interactive_not_allowed));
  }
  BOOST_TEST(domain::extras_of(user("shop")).failures == 0);
}

BOOST_FIXTURE_TEST_CASE(Q2_a_long_check_is_answered_from_one_state, ReaderShop) {
  const auto asked = ask(by_name("acme", "shop", "read", "table/customer", 5'000));
  reader->turn();
  BOOST_TEST(!has_answer(asked));
  const auto seq = journal.head().seq;
  send(message("acme", "shop", schema::LockUserT()));
  const auto got = answer(asked);
  BOOST_TEST(got.seq == seq);
  BOOST_REQUIRE(got.body.AsChecked()->decisions.size() == 5'000);
  for (const auto& decision : got.body.AsChecked()->decisions) BOOST_REQUIRE(decision->allowed);
  BOOST_TEST((check("table/customer") == Code::user_locked));
}

BOOST_FIXTURE_TEST_CASE(Q2_too_many_questions_are_too_large, ReaderShop) {
  const auto got = answer(ask(by_name("acme", "shop", "read", "table/a", 10'001)));
  BOOST_TEST((got.code == Code::too_large));
}

BOOST_FIXTURE_TEST_CASE(Q8_a_question_waits_for_its_seq, ReaderShop) {
  auto query = by_name("acme", "shop", "read", "table/customer");
  query.at_least_seq = journal.head().seq + 1;
  query.wait_ms = 1'000;
  const auto asked = ask(std::move(query));
  commit();
  BOOST_TEST(!has_answer(asked));
  run(message("acme", "shop", schema::LockUserT()));
  BOOST_TEST((answer(asked).body.AsChecked()->decisions.at(0)->reason == Code::user_locked));
}

BOOST_FIXTURE_TEST_CASE(Q8_a_wait_that_is_over_says_so, ReaderShop) {
  auto query = by_name("acme", "shop", "read", "table/customer");
  query.at_least_seq = journal.head().seq + 1;
  query.wait_ms = 1'000;
  const auto asked = ask(std::move(query));
  clock.advance_ms(1'001);
  BOOST_TEST((answer(asked).code == Code::not_yet));
}

BOOST_FIXTURE_TEST_CASE(Q1_a_key_or_token_nobody_has_is_invalid, ReaderShop) {
  schema::QueryT query;
  query.tenant = "acme";
  schema::AuthenticateT body;
  schema::TokenCredentialT token;
  token.token = "nothing";
  body.credential.Set(std::move(token));
  query.body.Set(std::move(body));
  BOOST_TEST(
      (answer(ask(std::move(query))).body.AsAuthenticated()->reason == Code::invalid_credentials));
}

BOOST_FIXTURE_TEST_CASE(K6_garbage_is_answered_counted_and_without_effect, ReaderShop) {
  std::vector<std::byte> garbage(100, std::byte{0x5a});
  reader->begin_turn();
  reader->take({platform::Peer{"garbage", 0, false}, owner, garbage});
  BOOST_TEST((answer("garbage").code == Code::wrong_identifier));
  BOOST_TEST(vitals.malformed == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
