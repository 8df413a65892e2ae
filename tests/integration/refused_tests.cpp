// A client that the daemon has refused once, and whose operator is added later (hard fact 13b).
#include <boost/test/unit_test.hpp>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

using schema::Code;

struct LetIn : DaemonProcess {
  LetIn() { BOOST_REQUIRE_MESSAGE(start(), ended().said); }

  client::Client colleague() const {
    client::Options options = tcp_options(keys);
    options.timeout = std::chrono::seconds(20);
    auto made = client::Client::make(options);
    BOOST_REQUIRE(made);
    return std::move(*made);
  }
  void add() {
    const auto receipt =
        owner().execute(add_operator("colleague", schema::Role::manager, keys.public_key));
    BOOST_REQUIRE(receipt);
    BOOST_REQUIRE(receipt->code == Code::ok);
  }
  void remove() {
    schema::RemoveOperatorT body;
    body.name = "colleague";
    const auto receipt = owner().execute(command_message("", "", std::move(body)));
    BOOST_REQUIRE(receipt);
    BOOST_REQUIRE(receipt->code == Code::ok);
  }
  void restart() {
    BOOST_TEST(stop().code == 0);
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
  }

  client::KeyPair keys = client::make_key_pair();
};

void is_served(client::Client& client) {
  const auto got = client.ask(get_status());
  BOOST_REQUIRE_MESSAGE(got, got.error().sentence);
  BOOST_TEST((got->code == Code::ok));
}

void is_kept_out(client::Client& client) {
  const auto got = client.ask(get_status());
  BOOST_REQUIRE(!got);
  BOOST_TEST((got.error().kind == client::ErrorKind::not_permitted), got.error().sentence);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(refused_tests)

BOOST_FIXTURE_TEST_CASE(fact_13b_who_was_refused_gets_in_once_an_operator, LetIn) {
  client::Client colleague = this->colleague();
  is_kept_out(colleague);
  is_kept_out(colleague);
  add();
  is_served(colleague);
}

BOOST_FIXTURE_TEST_CASE(fact_13b_what_was_refused_unseen_is_asked_anew, LetIn) {
  add();
  client::Client colleague = this->colleague();
  is_served(colleague);
  remove();
  const auto handshakes_denied = [this] {
    const auto got = owner().ask(get_status());
    BOOST_REQUIRE_MESSAGE(got, got.error().sentence);
    for (const auto& counter : got->body.AsStatus()->counters)
      if (counter->name == "handshakes_denied") return counter->value;
    return std::uint64_t{0};
  };
  // The socket connects again by itself, and is refused while nobody waits for it.
  restart();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (handshakes_denied() == 0) BOOST_REQUIRE(std::chrono::steady_clock::now() < end);
  add();
  is_served(colleague);
  remove();
  restart();
  is_kept_out(colleague);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
