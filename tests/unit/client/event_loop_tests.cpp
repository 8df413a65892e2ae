// The client within a loop that waits for its descriptor, and what is cancelled there.
#include <poll.h>

#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

#include "tests/support/fake_daemon/fake_daemon.h"
#include "tools/client/client.h"

namespace postern::client {
namespace {

using namespace std::chrono_literals;
using schema::Code;
using support::FakeDaemon;
using support::packed;

schema::CommandMessageT create_tenant() {
  schema::CommandMessageT message;
  schema::CreateTenantT create;
  create.alias = "acme";
  message.commands.emplace_back(std::make_unique<schema::CommandT>())->body.Set(std::move(create));
  return message;
}

schema::QueryT check_by_name() {
  schema::CheckT check;
  check.credential.Set(schema::NamedUserT{});
  check.questions.push_back(std::make_unique<schema::QuestionT>());
  schema::QueryT query;
  query.body.Set(std::move(check));
  return query;
}

schema::HistoryRequestT get_tenant() {
  schema::HistoryRequestT request;
  request.body.Set(schema::GetTenantT{});
  return request;
}

bool is_readable(const Client& client, std::chrono::milliseconds wait) {
  pollfd item{client.descriptor(), POLLIN, 0};
  return ::poll(&item, 1, static_cast<int>(wait.count())) == 1;
}

/// A daemon that answers everything, unless a test says otherwise, and a client that it takes very
/// long to try again: only its descriptor brings it on.
struct Loop {
  FakeDaemon daemon;
  std::optional<Client> client;
  /// Answered in the place of the last command or question that was left open.
  std::vector<std::string> late;

  Loop() {
    daemon.on_command = [](const auto& message) {
      return FakeDaemon::Replies{packed(FakeDaemon::receipt_to(message))};
    };
    daemon.on_query = [](const auto& query) {
      return FakeDaemon::Replies{packed(FakeDaemon::answer_to(query))};
    };
    daemon.on_history = [](const auto& request) {
      return FakeDaemon::Replies{packed(FakeDaemon::page_to(request))};
    };
  }

  void start(std::chrono::milliseconds timeout = 300s, int retries = 0) {
    daemon.start();
    Options options = daemon.options();
    options.timeout = timeout;
    options.retries = retries;
    auto made = Client::make(std::move(options));
    BOOST_TEST_REQUIRE(made.has_value());
    client.emplace(std::move(*made));
  }

  /// The first message is answered behind the second.
  template <class Answer>
  FakeDaemon::Replies answer_late(const Answer& answer) {
    late.push_back(packed(answer));
    return late.size() < 2 ? FakeDaemon::Replies{} : late;
  }

  /// As a loop does that has nothing else to wait for.
  void wait() {
    const auto due = client->turn();
    BOOST_TEST_REQUIRE(is_readable(*client, due.value_or(300s)));
  }
};

BOOST_FIXTURE_TEST_SUITE(event_loop_tests, Loop)

BOOST_AUTO_TEST_CASE(the_descriptor_is_enough_to_go_by) {
  start();
  std::set<std::string> commands;
  std::set<std::uint64_t> others;
  int ended = 0;
  // Each end sends the next: what arrives meanwhile must be told of all the same.
  const auto send = [&] {
    commands.insert(uuid_text(*client->submit(create_tenant())));
    others.insert(*client->submit(check_by_name()));
    others.insert(*client->submit(get_tenant()));
  };
  for (int count = 0; count < 50; ++count) send();
  while (client->in_flight() > 0) {
    wait();
    client->turn();
    while (const auto outcome = client->collect_receipt(0ms)) {
      BOOST_TEST_REQUIRE(outcome->answer.has_value());
      BOOST_TEST(commands.erase(uuid_text(outcome->id)) == 1u);
      if (++ended <= 500) send();
    }
    while (const auto outcome = client->collect_answer(0ms))
      BOOST_TEST((outcome->answer && others.erase(outcome->id) == 1));
    while (const auto outcome = client->collect_page(0ms))
      BOOST_TEST((outcome->answer && others.erase(outcome->id) == 1));
  }
  BOOST_TEST(ended == 550);
  BOOST_TEST(commands.empty());
  BOOST_TEST(others.empty());
  client->turn();
  BOOST_TEST(!is_readable(*client, 0ms));
}

BOOST_AUTO_TEST_CASE(a_time_may_be_as_long_as_its_type_says) {
  constexpr auto longest = std::chrono::milliseconds::max();
  start(longest);
  BOOST_TEST(client->submit(create_tenant()).has_value());
  BOOST_TEST(client->submit(check_by_name()).has_value());
  BOOST_TEST(client->submit(get_tenant()).has_value());
  const auto receipt = client->collect_receipt(longest);
  BOOST_TEST((receipt && receipt->answer));
  const auto answer = client->collect_answer(longest);
  BOOST_TEST((answer && answer->answer));
  const auto page = client->collect_page(longest);
  BOOST_TEST((page && page->answer));
  BOOST_TEST(client->ask(check_by_name()).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_not_collected_keeps_the_descriptor_readable) {
  start();
  BOOST_TEST(!client->turn().has_value());
  BOOST_TEST(!is_readable(*client, 0ms));
  const auto first = client->submit(check_by_name());
  BOOST_TEST(is_readable(*client, 0ms));
  // A call that waits takes all that comes.
  BOOST_TEST(client->ask(check_by_name()).has_value());
  for (int turns = 0; turns < 3; ++turns) {
    BOOST_TEST(is_readable(*client, 0ms));
    client->turn();
  }
  const auto outcome = client->collect_answer(0ms);
  BOOST_TEST_REQUIRE((first && outcome));
  BOOST_TEST(outcome->id == *first);
  BOOST_TEST(!client->turn().has_value());
  BOOST_TEST(!is_readable(*client, 0ms));
}

// ZeroMQ's own descriptor is not readable any more once something was sent.
BOOST_AUTO_TEST_CASE(an_answer_that_is_there_is_told_of_whatever_is_sent_meanwhile) {
  int count = 0;
  daemon.on_query = [&](const auto& query) {
    if (++count % 2 == 0) return FakeDaemon::Replies{};
    return FakeDaemon::Replies{packed(FakeDaemon::answer_to(query))};
  };
  start();
  for (int round = 0; round < 100; ++round) {
    const auto answered = client->submit(check_by_name());
    client->turn();
    BOOST_TEST_REQUIRE(is_readable(*client, 300s));
    const auto silent = client->submit(check_by_name());
    BOOST_TEST_REQUIRE(is_readable(*client, 0ms));
    while (!client->collect_answer(0ms)) wait();
    BOOST_TEST_REQUIRE((answered && silent && client->cancel(*silent)));
  }
}

BOOST_AUTO_TEST_CASE(the_time_that_a_turn_gives_is_enough_to_send_again_and_to_end) {
  daemon.on_command = nullptr;
  start(2'000ms, 3);
  BOOST_TEST(client->submit(create_tenant()).has_value());
  std::optional<CommandOutcome> outcome;
  while (!outcome) {
    const auto due = client->turn();
    BOOST_TEST_REQUIRE((due.has_value() || client->in_flight() > 0));
    outcome = client->collect_receipt(0ms);
    if (!outcome) is_readable(*client, due.value_or(300s));
  }
  BOOST_TEST_REQUIRE(!outcome->answer.has_value());
  BOOST_TEST(exit_code(outcome->answer.error()) == 69);
  daemon.stop();
  BOOST_TEST(daemon.command_bytes.size() > 1u);
}

BOOST_AUTO_TEST_CASE(busy_is_asked_again_when_the_turn_says) {
  int asked = 0;
  daemon.on_query = [&](const auto& query) {
    auto answer = FakeDaemon::answer_to(query, ++asked == 1 ? Code::busy : Code::ok);
    answer.retry_after_ms = 40;
    return FakeDaemon::Replies{packed(answer)};
  };
  start();
  BOOST_TEST(client->submit(check_by_name()).has_value());
  std::optional<QueryOutcome> outcome;
  while (!outcome) {
    const auto due = client->turn();
    outcome = client->collect_answer(0ms);
    if (!outcome) is_readable(*client, due.value_or(300s));
  }
  BOOST_TEST((outcome->answer && outcome->answer->code == Code::ok));
  daemon.stop();
  BOOST_TEST(asked == 2);
}

BOOST_AUTO_TEST_CASE(K5_of_a_cancelled_command_it_is_not_known_whether_it_was_done) {
  daemon.on_command = [this](const auto& message) {
    return answer_late(FakeDaemon::receipt_to(message, Code::user_unknown));
  };
  start();
  const auto id = client->submit(create_tenant());
  BOOST_TEST_REQUIRE(id.has_value());
  BOOST_TEST(client->cancel(*id));
  BOOST_TEST(!client->cancel(*id));
  BOOST_TEST(is_readable(*client, 0ms));
  const auto outcome = client->collect_receipt(0ms);
  BOOST_TEST_REQUIRE(outcome.has_value());
  BOOST_TEST(uuid_text(outcome->id) == uuid_text(*id));
  BOOST_TEST_REQUIRE(!outcome->answer.has_value());
  BOOST_TEST(exit_code(outcome->answer.error()) == 75);
  const std::string& sentence = outcome->answer.error().sentence;
  BOOST_TEST(sentence.starts_with("It is not known"), sentence);
  BOOST_TEST(sentence.find(uuid_text(*id)) != sentence.npos, sentence);
  // The late answer to it belongs to nobody.
  BOOST_TEST(client->execute(create_tenant()).has_value());
  BOOST_TEST(client->in_flight() == 0u);
  BOOST_TEST(!client->collect_receipt(0ms).has_value());
}

BOOST_AUTO_TEST_CASE(K1_a_cancelled_commands_id_may_be_sent_again) {
  daemon.on_command = [this](const auto& message) {
    return answer_late(FakeDaemon::receipt_to(message));
  };
  start();
  auto message = create_tenant();
  message.id = std::make_unique<schema::Uuid>(make_uuid());
  const auto id = client->submit(schema::CommandMessageT(message));
  BOOST_TEST_REQUIRE(id.has_value());
  BOOST_TEST(client->cancel(*id));
  BOOST_TEST(client->collect_receipt(0ms).has_value());
  const auto receipt = client->execute(std::move(message));
  BOOST_TEST_REQUIRE(receipt.has_value());
  BOOST_TEST(uuid_text(*receipt->id) == uuid_text(*id));
}

BOOST_AUTO_TEST_CASE(a_receipt_that_came_first_is_the_cancelled_commands_end) {
  start();
  const auto id = client->submit(create_tenant());
  BOOST_TEST_REQUIRE(id.has_value());
  // Takes the receipt too.
  BOOST_TEST(client->execute(create_tenant()).has_value());
  BOOST_TEST(!client->cancel(*id));
  const auto outcome = client->collect_receipt(0ms);
  BOOST_TEST_REQUIRE(outcome.has_value());
  BOOST_TEST(outcome->answer.has_value());
}

BOOST_AUTO_TEST_CASE(a_cancelled_question_has_no_end) {
  daemon.on_query = [this](const auto& query) { return answer_late(FakeDaemon::answer_to(query)); };
  start();
  const auto id = client->submit(check_by_name());
  BOOST_TEST_REQUIRE(id.has_value());
  BOOST_TEST(client->cancel(*id));
  BOOST_TEST(!client->cancel(*id));
  BOOST_TEST(client->in_flight() == 0u);
  const auto answer = client->ask(check_by_name());
  BOOST_TEST_REQUIRE(answer.has_value());
  BOOST_TEST(answer->id != *id);
  BOOST_TEST(!client->collect_answer(0ms).has_value());
}

BOOST_AUTO_TEST_CASE(cancelling_drops_an_answer_that_was_not_collected) {
  start();
  const auto question = client->submit(check_by_name());
  BOOST_TEST_REQUIRE(question.has_value());
  BOOST_TEST(client->ask(check_by_name()).has_value());
  const auto request = client->submit(get_tenant());
  BOOST_TEST_REQUIRE(request.has_value());
  BOOST_TEST(client->history(get_tenant()).has_value());
  BOOST_TEST(client->in_flight() == 2u);
  BOOST_TEST(client->cancel(*question));
  BOOST_TEST(client->cancel(*request));
  BOOST_TEST(client->in_flight() == 0u);
  client->turn();
  BOOST_TEST(!is_readable(*client, 0ms));
}

BOOST_AUTO_TEST_CASE(what_was_cancelled_leaves_room) {
  daemon.on_query = nullptr;
  daemon.start();
  Options options = daemon.options();
  options.in_flight_max = 2;
  auto made = Client::make(std::move(options));
  BOOST_TEST_REQUIRE(made.has_value());
  for (int round = 0; round < 100; ++round) {
    const auto id = made->submit(check_by_name());
    BOOST_TEST_REQUIRE(id.has_value());
    BOOST_TEST(made->cancel(*id));
  }
}

BOOST_AUTO_TEST_CASE(Q7_a_follower_notices_a_missing_record) {
  schema::GetRecordsT wanted;
  wanted.from_seq = 2;
  Follower follower(wanted);
  const auto page_of = [](std::vector<std::uint64_t> seqs, std::uint64_t next_seq) {
    schema::RecordPageT page;
    page.next_seq = next_seq;
    for (const std::uint64_t seq : seqs) {
      schema::RecordT record;
      record.seq = seq;
      const auto bytes = packed(record);
      page.records.emplace_back(std::make_unique<schema::StoredRecordT>())
          ->bytes.assign(bytes.begin(), bytes.end());
    }
    schema::HistoryPageT answer;
    answer.body.Set(std::move(page));
    return answer;
  };
  const auto from = [&] { return follower.next().body.AsGetRecords()->from_seq; };
  BOOST_TEST(follower.take(page_of({2, 3}, 4))->size() == 2u);
  BOOST_TEST(from() == 4u);
  const auto gap = follower.take(page_of({5}, 6));
  BOOST_TEST_REQUIRE(!gap.has_value());
  BOOST_TEST(exit_code(gap.error()) == 76);
  BOOST_TEST(from() == 4u);
  BOOST_TEST(follower.take(page_of({}, 4))->empty());
  BOOST_TEST(!follower.take(schema::HistoryPageT()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::client
