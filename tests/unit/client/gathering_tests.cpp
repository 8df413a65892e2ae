// Which checks go together, and what of the answer each of them gets.
#include <boost/test/unit_test.hpp>

#include "tests/support/fake_daemon/fake_daemon.h"
#include "tools/client/gathering.h"

namespace postern::client {
namespace {

using namespace std::chrono_literals;
using schema::Code;
using support::FakeDaemon;
using support::packed;

schema::QueryT check_of(const std::string& username, std::vector<std::string> resources) {
  schema::NamedUserT named;
  named.username = username;
  schema::CheckT check;
  check.credential.Set(std::move(named));
  for (std::string& resource : resources) {
    auto& question = check.questions.emplace_back(std::make_unique<schema::QuestionT>());
    question->action = "read";
    question->resource = std::move(resource);
  }
  schema::QueryT query;
  query.tenant = "acme";
  query.body.Set(std::move(check));
  return query;
}

template <class Credential>
schema::QueryT check_with(Credential credential, const std::string& resource) {
  schema::QueryT query = check_of("", {resource});
  query.body.AsCheck()->credential.Set(std::move(credential));
  return query;
}

/// Allows what lies under "open/".
schema::AnswerT decided(const schema::QueryT& query) {
  schema::AnswerT answer = FakeDaemon::answer_to(query);
  answer.seq = 7;
  schema::CheckedT checked;
  checked.user = std::make_unique<schema::Uuid>(1u, 2u);
  for (const auto& question : query.body.AsCheck()->questions) {
    auto& decision = checked.decisions.emplace_back(std::make_unique<schema::DecisionT>());
    decision->allowed = question->resource.starts_with("open/");
    decision->reason = decision->allowed ? Code::ok : Code::no_matching_grant;
  }
  answer.body.Set(std::move(checked));
  return answer;
}

struct Gathered {
  FakeDaemon daemon;
  std::unique_ptr<Lanes> lanes;
  std::optional<Gathering> gathering;
  std::vector<std::unique_ptr<QuestionCall>> calls;
  std::size_t ended = 0;

  Gathered() {
    daemon.on_query = [](const auto& query) { return FakeDaemon::Replies{packed(decided(query))}; };
  }
  void start(std::size_t in_flight_max = 1'000) {
    daemon.start();
    Options options = daemon.options();
    options.in_flight_max = in_flight_max;
    options.timeout = 300s;
    options.retries = 0;
    auto made = Lanes::make(std::move(options));
    BOOST_TEST_REQUIRE(made.has_value());
    lanes = std::move(*made);
    gathering.emplace(*lanes);
  }
  QuestionCall& add(schema::QueryT query) {
    calls.push_back(std::make_unique<QuestionCall>(std::move(query), SteadyClock::now() + 300s));
    gathering->add(*calls.back());
    return *calls.back();
  }
  void settle() {
    lanes->turn();
    while (auto one = lanes->queries.ended().first())
      gathering->settle(one->id, std::move(one->answer));
    ended += gathering->ended().size();
    gathering->ended().clear();
  }
  void run_until(std::size_t count) {
    gathering->flush();
    for (settle(); ended < count; settle()) lanes->watch.wait_until(lanes->due());
  }
  /// How many questions each message held, in the order in which they came.
  std::vector<std::size_t> messages() {
    daemon.stop();
    std::vector<std::size_t> questions;
    for (const std::string& bytes : daemon.query_bytes)
      questions.push_back(
          flatbuffers::GetRoot<schema::Query>(bytes.data())->body_as_Check()->questions()->size());
    return questions;
  }
  static std::string verdicts(const QuestionCall& call) {
    std::string text;
    BOOST_TEST_REQUIRE((call.answer && *call.answer));
    BOOST_TEST_REQUIRE(((*call.answer)->code == Code::ok && (*call.answer)->seq == 7));
    const auto& checked = *(*call.answer)->body.AsChecked();
    BOOST_TEST((checked.user && checked.user->low() == 2u));
    for (const auto& decision : checked.decisions) text += decision->allowed ? 'y' : 'n';
    return text;
  }
};

using Sizes = std::vector<std::size_t>;

BOOST_FIXTURE_TEST_SUITE(gathering_tests, Gathered)

BOOST_AUTO_TEST_CASE(checks_of_one_bearer_that_come_meanwhile_are_the_next_message) {
  start();
  add(check_of("ann", {"open/1"}));
  gathering->flush();
  add(check_of("ann", {"shut/2"}));
  add(check_of("bob", {"open/3"}));
  add(check_of("ann", {"open/4", "shut/5"}));
  add(check_of("ann", {"open/6"}));
  run_until(5);
  const char* expected[] = {"y", "n", "y", "yn", "y"};
  for (std::size_t index = 0; index < calls.size(); ++index)
    BOOST_TEST(verdicts(*calls[index]) == expected[index]);
  BOOST_TEST(messages() == Sizes({1, 1, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_comes_before_anything_leaves_goes_at_once) {
  start();
  for (int count = 0; count < 3; ++count) add(check_of("ann", {"open/1"}));
  run_until(3);
  BOOST_TEST(messages() == Sizes({3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(another_tenant_credential_or_call_is_another_bearer) {
  start();
  schema::KeyCredentialT key;
  key.key = "ann";
  schema::TokenCredentialT token;
  token.token = "ann";
  std::vector<schema::QueryT> queries;
  queries.push_back(check_of("ann", {"open/1"}));
  queries.push_back(check_of("ann", {"open/1"}));
  queries.back().tenant = "bolt";
  queries.push_back(check_with(key, "open/1"));
  queries.push_back(check_with(token, "open/1"));
  for (int which = 0; which < 5; ++which) {
    queries.push_back(check_of("ann", {"open/1"}));
    auto& call = *(queries.back().call = std::make_unique<schema::CallT>());
    if (which == 1) call.address = "192.0.2.7";
    if (which == 2) call.tls = true;
    if (which == 3) call.client = "till";
    if (which == 4) call.channel = schema::Channel::interactive;
  }
  for (const schema::QueryT& query : queries) add(query);
  for (const schema::QueryT& query : queries) add(query);
  run_until(2 * queries.size());
  BOOST_TEST(messages() == Sizes(queries.size(), 2), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(C5_each_password_is_an_attempt_of_its_own) {
  start();
  schema::PasswordCredentialT password;
  password.username = "ann";
  password.password = "wrong";
  for (int count = 0; count < 3; ++count) add(check_with(password, "open/1"));
  run_until(3);
  BOOST_TEST(messages() == Sizes({1, 1, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_waits_has_a_receipt_or_is_large_goes_alone) {
  start();
  std::vector<schema::QueryT> queries;
  queries.push_back(check_of("ann", {"open/1"}));
  queries.back().receipt = true;
  queries.push_back(check_of("ann", {"open/1"}));
  queries.back().wait_ms = 1;
  queries.push_back(check_of("ann", {"open/1"}));
  queries.back().at_least_seq = 1;
  queries.push_back(check_of("ann", std::vector<std::string>(129, "open/1")));
  queries.push_back(check_of("ann", {std::string(20'000, 'x')}));
  for (const schema::QueryT& query : queries) add(query);
  for (const schema::QueryT& query : queries) add(query);
  run_until(2 * queries.size());
  BOOST_TEST(messages() == Sizes({1, 1, 1, 129, 1, 1, 1, 1, 129, 1}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_message_holds_256_questions_at_most) {
  start();
  for (int count = 0; count < 300; ++count) add(check_of("ann", {"open/1"}));
  run_until(300);
  BOOST_TEST(messages() == Sizes({256, 44}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_refusal_is_everybodys_answer) {
  daemon.on_query = [](const auto& query) {
    return FakeDaemon::Replies{packed(FakeDaemon::answer_to(query, Code::tenant_unknown))};
  };
  start();
  for (int count = 0; count < 3; ++count) add(check_of("ann", {"open/1"}));
  run_until(3);
  for (const auto& call : calls)
    BOOST_TEST((call->answer && *call->answer && (*call->answer)->code == Code::tenant_unknown));
}

BOOST_AUTO_TEST_CASE(an_answer_without_a_decision_for_each_is_none) {
  daemon.on_query = [](const auto& query) {
    auto answer = decided(query);
    if (query.body.AsCheck()->questions.size() > 1) answer.body.AsChecked()->decisions.pop_back();
    return FakeDaemon::Replies{packed(answer)};
  };
  start();
  for (int count = 0; count < 2; ++count) add(check_of("ann", {"open/1"}));
  run_until(2);
  for (const auto& call : calls) {
    BOOST_TEST_REQUIRE((call->answer && !*call->answer));
    BOOST_TEST(exit_code(call->answer->error()) == 76);
  }
}

BOOST_AUTO_TEST_CASE(where_grants_had_no_room_each_asks_again_alone) {
  daemon.on_query = [](const auto& query) {
    auto answer = decided(query);
    if (query.body.AsCheck()->questions.size() > 1) answer.body.AsChecked()->grants_left_out = 1;
    return FakeDaemon::Replies{packed(answer)};
  };
  start();
  for (int count = 0; count < 2; ++count) add(check_of("ann", {"open/1"}));
  run_until(2);
  for (const auto& call : calls) BOOST_TEST(verdicts(*call) == "y");
  BOOST_TEST(messages() == Sizes({2, 1, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_withdraws_takes_nothing_from_the_others) {
  start();
  QuestionCall& first = add(check_of("ann", {"open/1"}));
  QuestionCall& second = add(check_of("ann", {"shut/2"}));
  gathering->flush();
  QuestionCall& third = add(check_of("ann", {"open/3"}));
  QuestionCall& fourth = add(check_of("ann", {"open/4"}));
  gathering->withdraw(first);
  gathering->withdraw(third);
  run_until(2);
  BOOST_TEST(verdicts(second) == "n");
  BOOST_TEST(verdicts(fourth) == "y");
  BOOST_TEST((!first.answer && !third.answer));
  BOOST_TEST(messages() == Sizes({2, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_message_that_nobody_wants_makes_way) {
  int asked = 0;
  daemon.on_query = [&asked](const auto& query) {
    return ++asked == 1 ? FakeDaemon::Replies{} : FakeDaemon::Replies{packed(decided(query))};
  };
  start();
  QuestionCall& silent = add(check_of("ann", {"open/1"}));
  gathering->flush();
  QuestionCall& behind = add(check_of("ann", {"shut/2"}));
  gathering->withdraw(silent);
  run_until(1);
  BOOST_TEST(verdicts(behind) == "n");
  BOOST_TEST(lanes->queries.in_flight() == 0u);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_sent_ends_with_the_reason) {
  daemon.on_query = nullptr;
  start(1);
  add(check_of("bob", {"open/1"}));
  gathering->flush();
  for (int count = 0; count < 2; ++count) add(check_of("ann", {"open/1"}));
  run_until(2);
  for (const auto& call : std::span(calls).subspan(1)) {
    BOOST_TEST_REQUIRE((call->answer && !*call->answer));
    BOOST_TEST(exit_code(call->answer->error()) == 75);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::client
