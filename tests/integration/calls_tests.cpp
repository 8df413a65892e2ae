// L1 over real sockets: the switch, what is recorded, following, and what a restart keeps.
#include <boost/test/unit_test.hpp>
#include <thread>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

using schema::Code;

struct Running : DaemonProcess {
  Running() : asker(make_running()) {
    run(create_tenant("acme"));
    run(create_user("acme", "shop"));
    run(add_grant("acme", "shop", schema::Effect::allow, "read", "table/customer"));
  }

  client::Client make_running() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    return owner();
  }
  void run(schema::CommandMessageT message) {
    const auto got = asker.execute(std::move(message));
    BOOST_REQUIRE(got);
    if (got->code != Code::ok) BOOST_FAIL(got->problems.at(0)->sentence);
  }
  void log_calls(bool on) {
    schema::SetUserSettingsT body;
    body.api_logging = on;
    run(command_message("acme", "shop", std::move(body)));
  }
  void check(const std::string& resource) {
    BOOST_REQUIRE(asker.ask(check_by_name("acme", "shop", "read", resource)));
  }
  static schema::CallPageT calls(client::Client& by, std::uint64_t from, std::uint32_t wait_ms) {
    schema::ListCallsT wanted;
    wanted.from = from;
    wanted.wait_ms = wait_ms;
    schema::HistoryRequestT request;
    request.body.Set(std::move(wanted));
    const auto page = by.history(std::move(request));
    BOOST_REQUIRE(page);
    BOOST_REQUIRE(page->code == Code::ok);
    return *page->body.AsCallPage();
  }
  /// So many calls, however many pages they come in.
  std::vector<schema::CallViewT> follow(std::uint64_t from, std::size_t count) {
    std::vector<schema::CallViewT> found;
    while (found.size() < count) {
      const auto page = calls(asker, from, 10'000);
      for (const auto& call : page.calls) found.push_back(*call);
      BOOST_REQUIRE(!page.calls.empty());
      from = page.next;
    }
    return found;
  }

  client::Client asker;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(calls_tests)

BOOST_FIXTURE_TEST_CASE(L1_a_follower_gets_the_next_call_as_it_comes, Running) {
  log_calls(true);
  std::jthread calls_later([this] {
    auto other = owner();
    // The follower is most likely waiting by now; if not, it finds the call there.
    BOOST_REQUIRE(other.ask(get_status()));
    BOOST_REQUIRE(other.ask(check_by_name("acme", "shop", "read", "table/customer")));
  });
  const auto found = follow(1, 1);
  BOOST_TEST(found[0].question->resource == "table/customer");
}

BOOST_FIXTURE_TEST_CASE(L2_recorded_calls_survive_a_restart_and_positions_go_on, Running) {
  log_calls(true);
  check("table/customer");
  BOOST_TEST(follow(0, 1)[0].position == 1u);
  BOOST_TEST(stop().code == 0);
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  asker = owner();
  check("table/secret");
  const auto found = follow(1, 2);
  BOOST_TEST(found[1].position == 2u);
  // D1: the clean stop recorded what was used until then.
  schema::GetUserT wanted;
  wanted.tenant = "acme";
  wanted.username = "shop";
  schema::HistoryRequestT request;
  request.body.Set(std::move(wanted));
  const auto page = asker.history(std::move(request));
  BOOST_REQUIRE(page);
  const auto& use = page->body.AsUserView()->details->use;
  BOOST_REQUIRE(use != nullptr);
  BOOST_TEST(use->days.at(0)->allowed == 1u);
}

BOOST_FIXTURE_TEST_CASE(L2_the_status_counts_what_was_recorded, Running) {
  log_calls(true);
  check("table/customer");
  follow(0, 1);
  const auto status = asker.ask(get_status());
  BOOST_REQUIRE(status);
  std::uint64_t recorded = 0;
  for (const auto& counter : status->body.AsStatus()->counters)
    if (counter->name == "calls_recorded") recorded = counter->value;
  BOOST_TEST(recorded == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
