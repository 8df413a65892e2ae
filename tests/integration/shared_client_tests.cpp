// Many threads at one client of the real daemon, which is killed and comes back meanwhile.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

using schema::Code;

constexpr int user_count = 3;

std::string name_of(int user) { return "shop-" + std::to_string(user); }

struct SharedDaemon : DaemonProcess {
  SharedDaemon() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    client::Options options = owner_options();
    options.timeout = std::chrono::minutes(4);
    options.retries = 100;
    auto made = client::SharedClient::make(std::move(options));
    BOOST_REQUIRE(made);
    client.emplace(std::move(*made));
    run(create_tenant("acme"));
    for (int user = 0; user < user_count; ++user) {
      run(create_user("acme", name_of(user)));
      run(add_grant("acme", name_of(user), schema::Effect::allow, "read", granted(user)));
    }
  }
  static std::string granted(int user) { return "table/" + std::to_string(user); }

  void run(schema::CommandMessageT message) {
    const auto got = client->execute(std::move(message));
    if (!got) BOOST_FAIL(got.error().sentence);
    if (got->code != Code::ok) BOOST_FAIL(got->problems.at(0)->sentence);
  }

  /// Each user may read its own table alone.
  bool is_right(int user, int table) {
    const auto got = client->ask(check_by_name("acme", name_of(user), "read", granted(table)));
    const auto* checked = got && got->code == Code::ok ? got->body.AsChecked() : nullptr;
    return checked != nullptr && checked->decisions.size() == 1 &&
           checked->decisions[0]->allowed == (user == table);
  }

  void ask_until_over(int thread) {
    for (int count = 0; !over; ++count) {
      if (!is_right(thread % user_count, count % user_count)) ++wrong;
      count_answered();
    }
  }
  /// K1: each is done once, however often it was sent.
  void create_until_over(int thread) {
    while (!over) {
      const std::string name = "made-" + std::to_string(thread) + "-" + std::to_string(created++);
      const auto got = client->execute(create_user("acme", name));
      if (!got || got->code != Code::ok) ++wrong;
      count_answered();
    }
  }

  void count_answered() {
    ++answered;
    answered.notify_one();
  }

  std::optional<client::SharedClient> client;
  std::atomic<bool> over = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> answered = 0;
  std::atomic<int> created = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(shared_client_tests, SharedDaemon)

BOOST_AUTO_TEST_CASE(K1_threads_that_share_a_client_outlive_their_daemon) {
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 6; ++thread)
      threads.emplace_back([this, thread] { ask_until_over(thread); });
    for (int thread = 0; thread < 2; ++thread)
      threads.emplace_back([this, thread] { create_until_over(thread); });
    for (int round = 0; round < 4; ++round) {
      const int before = answered;
      for (int now = answered; now < before + 300; now = answered) answered.wait(now);
      kill();
      BOOST_REQUIRE_MESSAGE(start(), ended().said);
    }
    over = true;
  }
  BOOST_TEST(wrong == 0);
  schema::QueryT query;
  query.body.Set(schema::GetStatusT{});
  const auto status = client->ask(std::move(query));
  BOOST_REQUIRE(status);
  BOOST_TEST(status->body.AsStatus()->user_count ==
             static_cast<std::uint64_t>(user_count + created));
}

BOOST_AUTO_TEST_CASE(each_thread_has_its_own_decisions_of_one_bearer) {
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread)
      threads.emplace_back([this, thread] {
        for (int count = 0; count < 500; ++count)
          if (!is_right(1, (thread + count) % user_count)) ++wrong;
      });
  }
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
