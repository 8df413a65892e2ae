// C11: the client keeps tokens in the place of credentials, and nobody notices but the daemon.
#include <boost/test/unit_test.hpp>
#include <mutex>

#include "tests/support/fake_daemon/fake_daemon.h"
#include "tools/client/client.h"
#include "tools/client/kept_tokens.h"

namespace postern::client {
namespace {

using namespace std::chrono_literals;
using schema::Code;
using support::FakeDaemon;
using support::packed;

const std::string password = "right-horse-7";

schema::QueryT of_acme() {
  schema::QueryT query;
  query.tenant = "acme";
  return query;
}

schema::CredentialUnion by_password(const std::string& username, const std::string& secret) {
  schema::PasswordCredentialT credential;
  credential.username = username;
  credential.password = secret;
  schema::CredentialUnion made;
  made.Set(std::move(credential));
  return made;
}

/// A daemon of one user, whose tokens are numbered; what it was asked is told by `took`.
struct Shop {
  Shop() {
    daemon.on_query = [this](const schema::QueryT& query) {
      const std::lock_guard lock(mutex);
      return FakeDaemon::Replies{packed(answer(query))};
    };
    daemon.start();
    connect(true);
  }

  void connect(bool keep_tokens) {
    Options options = daemon.options();
    options.keep_tokens = keep_tokens;
    auto made = Client::make(std::move(options));
    BOOST_REQUIRE(made);
    client.emplace(std::move(*made));
  }

  schema::AnswerT answer(const schema::QueryT& query) {
    auto made = FakeDaemon::answer_to(query);
    made.time_ns = 1'000'000'000'000;
    if (const auto* renewal = query.body.AsRenewSession()) {
      took += 'r';
      made.body.Set(authenticated(renewal->token == token ? token_state : Code::session_expired,
                                  true, made.time_ns));
      return made;
    }
    const auto* authenticate = query.body.AsAuthenticate();
    const auto& credential =
        authenticate != nullptr ? authenticate->credential : query.body.AsCheck()->credential;
    Code reason = Code::invalid_credentials;
    bool gives = authenticate != nullptr && !authenticate->decline_token;
    if (const auto* given = credential.AsTokenCredential()) {
      took += 't';
      reason = given->token == token ? token_state : Code::invalid_credentials;
      gives = false;
    } else if (const auto* given_password = credential.AsPasswordCredential()) {
      took += 'p';
      if (given_password->password == right) reason = password_state;
    } else if (credential.AsKeyCredential() != nullptr) {
      took += 'k';
      reason = Code::ok;
    }
    if (authenticate != nullptr) {
      made.body.Set(authenticated(reason, gives, made.time_ns));
    } else {
      schema::CheckedT checked;
      for (std::size_t i = 0; i < query.body.AsCheck()->questions.size(); ++i) {
        auto& decision = checked.decisions.emplace_back(std::make_unique<schema::DecisionT>());
        decision->allowed = reason == Code::ok;
        decision->reason = reason;
      }
      made.body.Set(std::move(checked));
    }
    return made;
  }

  schema::AuthenticatedT authenticated(Code reason, bool gives, std::int64_t now_ns) {
    schema::AuthenticatedT body;
    body.reason = reason;
    body.allowed = reason == Code::ok;
    if (!body.allowed) return body;
    body.username = username;
    body.expires_ns = now_ns + lifetime_ms * 1'000'000;
    if (gives) {
      token = "psts_" + std::to_string(++tokens);
      token_state = Code::ok;
      body.token = token;
    }
    return body;
  }

  static schema::QueryT authentication(schema::CredentialUnion credential, bool declines = false) {
    schema::AuthenticateT body;
    body.credential = std::move(credential);
    body.decline_token = declines;
    schema::QueryT query;
    query.tenant = "acme";
    query.body.Set(std::move(body));
    return query;
  }
  static schema::QueryT check(schema::CredentialUnion credential) {
    schema::CheckT body;
    body.credential = std::move(credential);
    body.questions.push_back(std::make_unique<schema::QuestionT>());
    schema::QueryT query;
    query.tenant = "acme";
    query.body.Set(std::move(body));
    return query;
  }

  schema::AuthenticatedT ask(schema::QueryT query) {
    const auto got = client->ask(std::move(query));
    BOOST_REQUIRE(got);
    return *got->body.AsAuthenticated();
  }
  schema::AuthenticatedT login(const std::string& secret = password,
                               const std::string& name = "shop") {
    return ask(authentication(by_password(name, secret)));
  }
  Code check_reason() {
    const auto got = client->ask(check(by_password("shop", password)));
    BOOST_REQUIRE(got);
    return got->body.AsChecked()->decisions.at(0)->reason;
  }
  /// What the daemon was asked by since the last time: password, key, token, renewal.
  std::string taken() {
    const std::lock_guard lock(mutex);
    return std::exchange(took, {});
  }
  void stop_token(Code why) {
    const std::lock_guard lock(mutex);
    token_state = why;
  }

  FakeDaemon daemon;
  std::mutex mutex;
  std::string took;
  std::string token;
  std::string username = "shop";
  std::string right = password;
  Code token_state = Code::ok;
  Code password_state = Code::ok;
  std::int64_t lifetime_ms = 1'800'000;
  int tokens = 0;
  std::optional<Client> client;
};

BOOST_FIXTURE_TEST_SUITE(tokens_tests, Shop)

BOOST_AUTO_TEST_CASE(C11_once_authenticated_the_token_is_sent_in_the_passwords_place) {
  const auto first = login();
  BOOST_TEST(first.token == "psts_1");
  BOOST_TEST(taken() == "p");
  const auto second = login();
  BOOST_TEST(second.allowed);
  // The caller gets its token, as if it had been made now.
  BOOST_TEST(second.token == "psts_1");
  BOOST_TEST((check_reason() == Code::ok));
  BOOST_TEST(taken() == "tt");
}

BOOST_AUTO_TEST_CASE(C11_a_key_has_its_token_too) {
  schema::KeyCredentialT key;
  key.key = "pstk_secret";
  schema::CredentialUnion credential;
  credential.Set(std::move(key));
  BOOST_TEST(ask(authentication(credential)).allowed);
  BOOST_TEST(ask(authentication(credential)).allowed);
  BOOST_TEST(taken() == "kt");
}

BOOST_AUTO_TEST_CASE(C11_a_password_that_was_not_verified_is_always_sent) {
  BOOST_TEST(login().allowed);
  BOOST_TEST(!login("wrong-0ne").allowed);
  login(password, "other");
  auto elsewhere = authentication(by_password("shop", password));
  elsewhere.tenant = "elsewhere";
  ask(std::move(elsewhere));
  BOOST_TEST(taken() == "pppp");
}

BOOST_AUTO_TEST_CASE(C5_after_a_wrong_password_the_right_one_is_sent_to_clear_the_count) {
  login();
  login("wrong-0ne", "SHOP");
  login();
  login();
  BOOST_TEST(taken() == "pppt");
}

BOOST_AUTO_TEST_CASE(C11_a_declined_token_is_neither_kept_nor_used) {
  ask(authentication(by_password("shop", password), true));
  login();
  ask(authentication(by_password("shop", password), true));
  login();
  BOOST_TEST(taken() == "pppt");
}

BOOST_AUTO_TEST_CASE(C11_keeping_tokens_can_be_switched_off) {
  connect(false);
  login();
  BOOST_TEST(login().allowed);
  BOOST_TEST(taken() == "pp");
}

BOOST_AUTO_TEST_CASE(S2_a_dead_tokens_question_is_asked_once_more_with_the_credential) {
  for (const Code why : {Code::session_expired, Code::invalid_credentials, Code::user_locked,
                         Code::user_not_active, Code::api_access_not_allowed}) {
    login();
    taken();
    stop_token(why);
    BOOST_TEST(login().allowed);
    BOOST_TEST(taken() == "tp");
    BOOST_TEST(login().allowed);
    BOOST_TEST(taken() == "t");
    stop_token(why);
    BOOST_TEST((check_reason() == Code::ok));
    BOOST_TEST(taken() == "tp");
  }
}

BOOST_AUTO_TEST_CASE(S2_a_tokens_death_is_never_told_as_the_passwords) {
  login();
  stop_token(Code::session_expired);
  password_state = Code::user_locked;
  BOOST_TEST((login().reason == Code::user_locked));
  BOOST_TEST(taken() == "ptp");
  // There is no token any more, so nothing is tried twice.
  BOOST_TEST((login().reason == Code::user_locked));
  BOOST_TEST(taken() == "p");
}

BOOST_AUTO_TEST_CASE(C9_what_stops_a_token_is_told_as_the_daemon_tells_it_of_the_password) {
  for (const Code why : {Code::network_not_allowed, Code::tls_required, Code::tenant_disabled,
                         Code::interactive_not_allowed, Code::user_locked}) {
    password_state = Code::ok;
    login();
    stop_token(why);
    password_state = Code::invalid_credentials;
    BOOST_TEST((login().reason == Code::invalid_credentials));
    BOOST_TEST((check_reason() == Code::invalid_credentials));
    BOOST_TEST(taken() == "ptpp");
  }
}

BOOST_AUTO_TEST_CASE(C9_from_elsewhere_the_password_is_sent_and_not_its_token) {
  const auto login_from = [&](const std::string& address, bool tls) {
    auto query = authentication(by_password("shop", password));
    query.call = std::make_unique<schema::CallT>();
    query.call->address = address;
    query.call->tls = tls;
    return ask(std::move(query)).reason;
  };
  login_from("192.0.2.1", true);
  login_from("192.0.2.1", true);
  BOOST_TEST(taken() == "pt");
  password_state = Code::invalid_credentials;
  BOOST_TEST((login_from("203.0.113.9", true) == Code::invalid_credentials));
  BOOST_TEST((login_from("192.0.2.1", false) == Code::invalid_credentials));
  BOOST_TEST((login().reason == Code::invalid_credentials));
  BOOST_TEST(taken() == "ppp");
}

BOOST_AUTO_TEST_CASE(U2_a_token_of_a_user_with_another_name_by_now_is_not_used) {
  login();
  username = "renamed";
  password_state = Code::invalid_credentials;
  BOOST_TEST((login().reason == Code::invalid_credentials));
  BOOST_TEST(taken() == "ptp");
}

BOOST_AUTO_TEST_CASE(C3_a_new_password_sent_ends_the_use_of_what_the_old_one_got) {
  daemon.on_command = [](const auto& message) {
    return FakeDaemon::Replies{packed(FakeDaemon::receipt_to(message))};
  };
  login();
  schema::CommandMessageT message;
  message.tenant = "acme";
  auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
  command->user = "Shop";
  command->body.Set(schema::ChangePasswordT());
  BOOST_REQUIRE(client->execute(std::move(message)));
  login();
  BOOST_TEST(taken() == "pp");
}

BOOST_AUTO_TEST_CASE(S1_a_token_is_renewed_before_its_end) {
  lifetime_ms = 1'000;
  const auto deadline = std::chrono::steady_clock::now() + 120s;
  std::string all;
  while (std::ranges::count(all, 'r') < 3) {
    BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
    BOOST_REQUIRE(login().allowed);
    all += taken();
  }
  // Each renewal's token is the one sent from then on.
  BOOST_TEST(login().token == token);
  BOOST_TEST(tokens >= 3);
}

BOOST_AUTO_TEST_CASE(C11_many_at_once_keep_their_ids_when_tokens_are_dead) {
  login();
  stop_token(Code::session_expired);
  taken();
  std::vector<std::uint64_t> sent;
  for (int count = 0; count < 3; ++count)
    sent.push_back(*client->submit(authentication(by_password("shop", password))));
  BOOST_TEST(client->in_flight() == 3u);
  std::vector<std::uint64_t> ended;
  while (client->in_flight() > 0) {
    const auto outcome = client->collect_answer(10s);
    BOOST_REQUIRE(outcome);
    BOOST_REQUIRE(outcome->answer);
    BOOST_TEST(outcome->answer->body.AsAuthenticated()->allowed);
    BOOST_TEST(outcome->answer->id == outcome->id);
    ended.push_back(outcome->id);
  }
  std::ranges::sort(ended);
  BOOST_TEST(ended == sent, boost::test_tools::per_element());
  BOOST_TEST(taken() == "tttppp");
}

// ---- what is kept

BOOST_AUTO_TEST_CASE(C4_the_name_of_a_kept_token_tells_nothing_of_the_credential) {
  const KeptTokens one;
  const KeptTokens other;
  const auto name = one.name_of(of_acme(), by_password("shop", password));
  BOOST_TEST((name == one.name_of(of_acme(), by_password("shop", password))));
  BOOST_TEST((name != other.name_of(of_acme(), by_password("shop", password))));
  BOOST_TEST((name != one.name_of(of_acme(), by_password("shop", password + "x"))));
  schema::QueryT cut;
  cut.tenant = "acm";
  BOOST_TEST((name != one.name_of(cut, by_password("eshop", password))));
  BOOST_TEST((name != one.name_of(of_acme(), by_password("shop" + password, ""))));
}

schema::AnswerT session(std::int64_t lifetime_s) {
  schema::AuthenticatedT body;
  body.allowed = true;
  body.token = "psts_long_enough_to_be_in_memory_of_its_own";
  body.expires_ns = lifetime_s * 1'000'000'000;
  schema::AnswerT answer;
  answer.body.Set(std::move(body));
  return answer;
}

BOOST_AUTO_TEST_CASE(S1_a_kept_token_ends_with_its_time_and_is_renewed_at_half_of_it) {
  KeptTokens kept;
  const KeptTokens::Moment now{};
  const auto name = kept.name_of(of_acme(), by_password("shop", password));
  kept.keep(name, {"acme", "shop"}, session(1'800), now);
  KeptTokens::KeptToken* found = kept.find(name, now + 1'799s);
  BOOST_REQUIRE(found != nullptr);
  BOOST_TEST((found->renew_at == now + 900s));
  kept.renew(*found, session(1'800), now + 900s);
  found = kept.find(name, now + 2'699s);
  BOOST_REQUIRE(found != nullptr);
  BOOST_TEST((found->renew_at == now + 1'800s));
  // What does not prolong it is not asked for again.
  kept.renew(*found, session(900), now + 1'800s);
  BOOST_TEST((kept.find(name, now + 2'699s)->renew_at == KeptTokens::Moment::max()));
  BOOST_TEST(kept.find(name, now + 2'700s) == nullptr);
  BOOST_TEST(kept.size() == 0u);
}

BOOST_AUTO_TEST_CASE(C11_what_is_kept_is_bounded_and_what_is_used_stays) {
  KeptTokens kept(8);
  const KeptTokens::Moment now{};
  const auto name = [&](int number) {
    return kept.name_of(of_acme(), by_password("user-" + std::to_string(number), password));
  };
  for (int number = 0; number < 100; ++number) {
    kept.keep(name(number), {"acme", "user-" + std::to_string(number)}, session(60), now);
    BOOST_REQUIRE(kept.size() <= 8u);
    BOOST_REQUIRE(kept.find(name(0), now) != nullptr);
  }
  kept.drop_user("acme", "USER-99");
  BOOST_TEST(kept.find(name(99), now) == nullptr);
  BOOST_TEST(kept.find(name(98), now) != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::client
