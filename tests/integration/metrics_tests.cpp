// The metrics page of the real daemon.
#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>
#include <iterator>
#include <string>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern {

namespace {

using support::DaemonProcess;

struct WithPage : DaemonProcess {
  WithPage() { BOOST_REQUIRE_MESSAGE(start(), ended().said); }

  /// The whole answer to one request, headers too.
  std::string ask(const std::string& method, const std::string& target) const {
    boost::asio::ip::tcp::iostream connection("127.0.0.1", std::to_string(port_base() + 5));
    BOOST_REQUIRE_MESSAGE(connection, connection.error().message());
    connection.expires_after(std::chrono::seconds(120));
    connection << method << ' ' << target << " HTTP/1.1\r\nHost: localhost\r\n\r\n" << std::flush;
    return {std::istreambuf_iterator<char>(connection), {}};
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics_tests)

BOOST_FIXTURE_TEST_CASE(Q10_the_metrics_page_tells_what_status_tells, WithPage) {
  client::Client asker = owner();
  const auto receipt = asker.execute(support::create_tenant("acme"));
  BOOST_REQUIRE((receipt && receipt->code == schema::Code::ok));
  schema::HistoryRequestT newest;
  newest.body.Set(schema::GetCheckpointT());
  BOOST_REQUIRE(asker.history(std::move(newest)));
  const std::string page = ask("GET", "/metrics");
  BOOST_TEST(page.starts_with("HTTP/1.1 200 OK\r\n"));
  BOOST_TEST(page.find("\npostern_seq 2\n") != std::string::npos);
  BOOST_TEST(page.find("\n# TYPE postern_commands_total counter\npostern_commands_total 1\n") !=
             std::string::npos);
  BOOST_TEST(page.find("\npostern_degraded 0\n") != std::string::npos);
  BOOST_TEST(page.find("\npostern_checkpoint_seq 2\n") != std::string::npos, page);
}

BOOST_FIXTURE_TEST_CASE(Q10_the_page_says_that_it_lives_and_takes_commands, WithPage) {
  for (const char* target : {"/healthz", "/readyz"})
    BOOST_TEST(ask("GET", target).ends_with("\r\n\r\nok\n"));
  BOOST_TEST(ask("GET", "/").starts_with("HTTP/1.1 404 "));
  BOOST_TEST(ask("POST", "/metrics").starts_with("HTTP/1.1 405 "));
}

BOOST_AUTO_TEST_CASE(Q10_the_page_says_why_commands_are_refused) {
  DaemonProcess full("[journal]\ndisk_floor_mib = 1048576\n");
  BOOST_REQUIRE_MESSAGE(full.start(), full.ended().said);
  boost::asio::ip::tcp::iostream connection("127.0.0.1", std::to_string(full.port_base() + 5));
  connection << "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n" << std::flush;
  const std::string answer{std::istreambuf_iterator<char>(connection), {}};
  BOOST_TEST(answer.starts_with("HTTP/1.1 503 "));
  BOOST_TEST(answer.find("free disk space is under the floor") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(Q10_without_the_page_nobody_listens) {
  DaemonProcess quiet("[sockets]\nmetrics = false\n");
  BOOST_REQUIRE_MESSAGE(quiet.start(), quiet.ended().said);
  boost::asio::ip::tcp::iostream connection("127.0.0.1", std::to_string(quiet.port_base() + 5));
  BOOST_TEST(!connection);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern
