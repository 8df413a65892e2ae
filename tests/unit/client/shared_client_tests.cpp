// One client that many threads call: each has its own answer, error, time and end.
#include <boost/test/unit_test.hpp>
#include <random>
#include <thread>

#include "tests/support/fake_daemon/fake_daemon.h"
#include "tools/client/client.h"

namespace postern::client {
namespace {

using namespace std::chrono_literals;
using schema::Code;
using support::FakeDaemon;
using support::packed;

schema::QueryT check_of(const std::string& username, const std::string& resource) {
  schema::NamedUserT named;
  named.username = username;
  schema::CheckT check;
  check.credential.Set(std::move(named));
  auto& question = check.questions.emplace_back(std::make_unique<schema::QuestionT>());
  question->action = "read";
  question->resource = resource;
  schema::QueryT query;
  query.tenant = "acme";
  query.body.Set(std::move(check));
  return query;
}

schema::CommandMessageT create_tenant() {
  schema::CommandMessageT message;
  schema::CreateTenantT create;
  create.alias = "acme";
  message.commands.emplace_back(std::make_unique<schema::CommandT>())->body.Set(std::move(create));
  return message;
}

schema::HistoryRequestT get_tenant(std::uint64_t wait_ms) {
  schema::HistoryRequestT request;
  request.wait_ms = static_cast<std::uint32_t>(wait_ms);
  request.body.Set(schema::GetTenantT{});
  return request;
}

/// The reason of a decision names the length of its resource, so that no two answers are alike.
schema::AnswerT decided(const schema::QueryT& query) {
  schema::AnswerT answer = FakeDaemon::answer_to(query);
  schema::CheckedT checked;
  for (const auto& question : query.body.AsCheck()->questions) {
    auto& decision = checked.decisions.emplace_back(std::make_unique<schema::DecisionT>());
    decision->allowed = question->resource.size() % 2 == 1;
    decision->grant = std::make_unique<schema::GrantViewT>();
    decision->grant->resource = question->resource;
  }
  answer.body.Set(std::move(checked));
  return answer;
}

bool is_own(const Result<schema::AnswerT>& answer, const std::string& resource) {
  const auto* checked = answer ? answer->body.AsChecked() : nullptr;
  return checked != nullptr && checked->decisions.size() == 1 &&
         checked->decisions[0]->grant->resource == resource &&
         checked->decisions[0]->allowed == (resource.size() % 2 == 1);
}

struct Shared {
  FakeDaemon daemon;
  std::optional<SharedClient> client;
  /// Messages that the daemon has seen.
  std::atomic<int> seen = 0;

  Shared() {
    daemon.on_command = [](const auto& message) {
      return FakeDaemon::Replies{packed(FakeDaemon::receipt_to(message))};
    };
    daemon.on_query = [](const auto& query) { return FakeDaemon::Replies{packed(decided(query))}; };
    daemon.on_history = [](const auto& request) {
      return FakeDaemon::Replies{packed(FakeDaemon::page_to(request))};
    };
  }
  void start() {
    daemon.start();
    share(daemon.options());
  }
  void share(Options options) {
    options.timeout = 300s;
    options.retries = 0;
    auto made = SharedClient::make(std::move(options));
    BOOST_TEST_REQUIRE(made.has_value());
    client.emplace(std::move(*made));
  }
  /// Each question is answered when the next comes.
  void answer_with_the_next() {
    daemon.on_query = [this, late = std::string()](const auto& query) mutable {
      ++seen;
      const std::string now = std::exchange(late, packed(decided(query)));
      return now.empty() ? FakeDaemon::Replies{} : FakeDaemon::Replies{now};
    };
  }
  /// Nothing is answered before this one asks; then all is.
  void answer_all_at(const std::string& username) {
    daemon.on_query = [this, username, late = FakeDaemon::Replies()](const auto& query) mutable {
      ++seen;
      late.push_back(packed(decided(query)));
      const bool is_last = query.body.AsCheck()->credential.AsNamedUser()->username == username;
      return is_last ? std::exchange(late, {}) : FakeDaemon::Replies{};
    };
  }
  void await_seen(int count) {
    for (int now = seen; now < count; now = seen) std::this_thread::yield();
  }
  std::jthread asking(const std::string& username, const CallLimits& limits,
                      std::optional<Result<schema::AnswerT>>& answer) {
    return std::jthread(
        [&, username, limits] { answer = client->ask(check_of(username, username), limits); });
  }
};

BOOST_FIXTURE_TEST_SUITE(shared_client_tests, Shared)

BOOST_AUTO_TEST_CASE(a_lone_caller_is_answered) {
  start();
  for (int count = 0; count < 100; ++count) {
    BOOST_TEST(is_own(client->ask(check_of("ann", "table/1")), "table/1"));
    BOOST_TEST(client->execute(create_tenant()).has_value());
    BOOST_TEST(client->history(get_tenant(0)).has_value());
  }
  daemon.stop();
  BOOST_TEST(daemon.query_bytes.size() == 100u);
  BOOST_TEST(daemon.command_bytes.size() == 100u);
  BOOST_TEST(daemon.history_bytes.size() == 100u);
}

BOOST_AUTO_TEST_CASE(each_of_many_threads_has_its_own_answers) {
  start();
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 12; ++thread)
      threads.emplace_back([&, thread] {
        for (int count = 0; count < 200; ++count) {
          // Some share a bearer, some do not.
          const std::string username = "user-" + std::to_string(thread % 4);
          const std::string resource(static_cast<std::size_t>(thread * 200 + count + 1), 'x');
          if (!is_own(client->ask(check_of(username, resource)), resource)) ++wrong;
          if (count % 20 != 0) continue;
          auto message = create_tenant();
          message.id = std::make_unique<schema::Uuid>(make_uuid());
          const schema::Uuid id = *message.id;
          const auto receipt = client->execute(std::move(message));
          if (!receipt || uuid_text(*receipt->id) != uuid_text(id)) ++wrong;
          if (!client->history(get_tenant(0))) ++wrong;
        }
      });
  }
  BOOST_TEST(wrong == 0);
  daemon.stop();
  BOOST_TEST(daemon.query_bytes.size() <= 2'400u);
  BOOST_TEST(daemon.command_bytes.size() == 120u);
}

// Whoever waits for the daemon goes with its own answer; another takes its place.
BOOST_AUTO_TEST_CASE(somebody_always_waits_for_the_daemon) {
  answer_with_the_next();
  start();
  std::optional<Result<schema::AnswerT>> answers[8];
  std::vector<std::jthread> threads;
  for (int which = 0; which < 8; ++which) {
    threads.push_back(asking("user-" + std::to_string(which), {}, answers[which]));
    await_seen(which + 1);
    if (which > 0) threads[static_cast<std::size_t>(which - 1)].join();
    if (which > 0) BOOST_TEST(is_own(*answers[which - 1], "user-" + std::to_string(which - 1)));
  }
  std::optional<Result<schema::AnswerT>> last;
  CallLimits soon{.timeout = 50ms};
  asking("last", soon, last).join();
  threads.back().join();
  BOOST_TEST(is_own(*answers[7], "user-7"));
  BOOST_TEST((last && !*last));
}

BOOST_AUTO_TEST_CASE(each_call_has_its_own_time) {
  answer_with_the_next();
  start();
  std::optional<Result<schema::AnswerT>> patient;
  auto thread = asking("ann", {}, patient);
  await_seen(1);
  // Both wait for nothing: one behind the other's message, one sent.
  const CallLimits soon{.timeout = 50ms};
  const auto behind = client->ask(check_of("ann", "table/1"), soon);
  BOOST_TEST_REQUIRE(!behind.has_value());
  BOOST_TEST(exit_code(behind.error()) == 69);
  BOOST_TEST(behind.error().sentence.starts_with("No answer came in time"));
  BOOST_TEST(seen == 1);
  const auto page = client->history(get_tenant(0), soon);
  BOOST_TEST(page.has_value());
  const auto sent = client->ask(check_of("bob", "table/1"), soon);
  BOOST_TEST_REQUIRE(!sent.has_value());
  BOOST_TEST(exit_code(sent.error()) == 69);
  thread.join();
  BOOST_TEST(is_own(*patient, "ann"));
}

BOOST_AUTO_TEST_CASE(a_stopped_call_ends_alone) {
  answer_all_at("last");
  start();
  std::stop_source stop[2];
  std::optional<Result<schema::AnswerT>> answers[4];
  // The first waits for the daemon in the place of the others; the second has one behind it.
  auto first = asking("ann", {.stop = stop[0].get_token()}, answers[0]);
  await_seen(1);
  auto second = asking("bob", {}, answers[1]);
  await_seen(2);
  auto third = asking("bob", {.stop = stop[1].get_token()}, answers[2]);
  stop[1].request_stop();
  third.join();
  stop[0].request_stop();
  first.join();
  asking("last", {}, answers[3]).join();
  second.join();
  for (const int stopped : {0, 2}) {
    BOOST_TEST_REQUIRE(!answers[stopped]->has_value());
    BOOST_TEST(exit_code(answers[stopped]->error()) == 75);
  }
  BOOST_TEST(is_own(*answers[1], "bob"));
  BOOST_TEST(is_own(*answers[3], "last"));
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_for_who_has_stopped_before) {
  start();
  std::stop_source stop;
  stop.request_stop();
  const CallLimits limits{.stop = stop.get_token()};
  BOOST_TEST(exit_code(client->execute(create_tenant(), limits).error()) == 75);
  BOOST_TEST(exit_code(client->ask(check_of("ann", "x"), limits).error()) == 75);
  BOOST_TEST(exit_code(client->history(get_tenant(0), limits).error()) == 75);
  BOOST_TEST(client->execute(create_tenant()).has_value());
  daemon.stop();
  BOOST_TEST(daemon.command_bytes.size() == 1u);
  BOOST_TEST(daemon.query_bytes.empty());
}

BOOST_AUTO_TEST_CASE(K5_of_a_stopped_command_it_is_not_known_whether_it_was_done) {
  std::stop_source stop;
  daemon.on_command = [&](const auto&) {
    stop.request_stop();
    return FakeDaemon::Replies{};
  };
  start();
  auto message = create_tenant();
  message.id = std::make_unique<schema::Uuid>(make_uuid());
  const schema::Uuid id = *message.id;
  const auto receipt = client->execute(std::move(message), {.stop = stop.get_token()});
  BOOST_TEST_REQUIRE(!receipt.has_value());
  BOOST_TEST(exit_code(receipt.error()) == 75);
  BOOST_TEST(receipt.error().sentence.find(uuid_text(id)) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stopped_request_ends) {
  std::stop_source stop;
  daemon.on_history = [&](const auto&) {
    stop.request_stop();
    return FakeDaemon::Replies{};
  };
  start();
  const auto page = client->history(get_tenant(0), {.stop = stop.get_token()});
  BOOST_TEST_REQUIRE(!page.has_value());
  BOOST_TEST(exit_code(page.error()) == 75);
}

/// Answers, silence, times that are over and stops, whichever comes first.
BOOST_AUTO_TEST_CASE(calls_that_end_in_every_way_take_nothing_from_each_other) {
  std::atomic<bool> is_calm = false;
  daemon.on_query = [&, late = FakeDaemon::Replies(), count = 0](const auto& query) mutable {
    ++count;
    if (!is_calm && count % 7 == 0) return FakeDaemon::Replies{};
    late.push_back(packed(decided(query)));
    const bool waits = !is_calm && count % 3 == 0;
    return waits ? FakeDaemon::Replies{} : std::exchange(late, {});
  };
  start();
  std::atomic<int> wrong = 0;
  const auto ends_well = [&](const auto& answer, bool is_right) {
    const int code = answer ? 0 : exit_code(answer.error());
    if (answer ? !is_right : code != 69 && code != 75) ++wrong;
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned thread = 0; thread < 8; ++thread)
      threads.emplace_back([&, thread] {
        std::mt19937 random(thread);
        for (std::size_t count = 0; count < 200; ++count) {
          std::stop_source stop;
          const CallLimits limits{.timeout = std::chrono::milliseconds(random() % 4),
                                  .stop = stop.get_token()};
          std::jthread stopping;
          if (random() % 4 == 0) stopping = std::jthread([&stop] { stop.request_stop(); });
          const std::string resource(thread * 200 + count + 1, 'x');
          const auto answer =
              client->ask(check_of("user-" + std::to_string(thread % 3), resource), limits);
          ends_well(answer, is_own(answer, resource));
          if (count % 10 == 0) ends_well(client->execute(create_tenant(), limits), true);
          if (count % 10 == 5) ends_well(client->history(get_tenant(0), limits), true);
        }
      });
  }
  BOOST_TEST(wrong == 0);
  is_calm = true;
  BOOST_TEST(is_own(client->ask(check_of("user-0", "table/1")), "table/1"));
}

BOOST_AUTO_TEST_CASE(a_time_may_be_as_long_as_its_type_says) {
  start();
  const CallLimits limits{.timeout = std::chrono::milliseconds::max()};
  BOOST_TEST(is_own(client->ask(check_of("ann", "table/1"), limits), "table/1"));
  Options options = daemon.options();
  options.timeout = std::chrono::milliseconds::max();
  auto made = SharedClient::make(std::move(options));
  BOOST_TEST_REQUIRE(made.has_value());
  BOOST_TEST(is_own(made->ask(check_of("ann", "table/1"), limits), "table/1"));
  BOOST_TEST(made->execute(create_tenant()).has_value());
  BOOST_TEST(made->history(get_tenant(0)).has_value());
}

BOOST_AUTO_TEST_CASE(where_nobody_listens_each_is_told) {
  Options options;
  options.queries = "ipc:///nowhere/queries";
  options.wait_for_daemon = false;
  share(options);
  std::atomic<int> told = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 6; ++thread)
      threads.emplace_back([&, thread] {
        const auto answer = client->ask(check_of("user-" + std::to_string(thread % 2), "x"));
        if (!answer && answer.error().sentence == "Nobody listens at ipc:///nowhere/queries.")
          ++told;
      });
  }
  BOOST_TEST(told == 6);
}

BOOST_AUTO_TEST_CASE(keys_are_needed_for_tcp) {
  Options options;
  options.queries = "tcp://127.0.0.1:1";
  const auto made = SharedClient::make(options);
  BOOST_TEST_REQUIRE(!made.has_value());
  BOOST_TEST(exit_code(made.error()) == 64);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::client
