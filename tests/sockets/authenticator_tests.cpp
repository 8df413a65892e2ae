// Who gets in, and that nobody gets in when a lock is missing (hard facts 9, 10 and 12).
#include <zmq.h>

#include <boost/test/unit_test.hpp>
#include <thread>

#include "daemon/transport/identity.h"
#include "daemon/transport/self_check.h"
#include "tests/sockets/peers.h"

namespace postern::tests {

namespace {

using namespace std::chrono_literals;
using credential::CurveKeyPair;
using credential::make_curve_key_pair;
using transport::curve_identity;

constexpr int handshake_outcomes =
    ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
    ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

/// libzmq's context alone, without our authenticator.
struct BareContext {
  ~BareContext() { zmq_ctx_term(handle); }
  void* handle = zmq_ctx_new();
};

/// Answers every handshake with "200", as a handler with a mistake in it would.
class LetsEverybodyIn {
 public:
  explicit LetsEverybodyIn(void* context) : router_(context, address, {}, false, {}) {
    thread_ = std::thread([this] {
      while (answer_one()) continue;
    });
  }
  ~LetsEverybodyIn() {
    stopping_ = true;
    thread_.join();
  }

 private:
  static constexpr const char* address = "inproc://zeromq.zap.01";

  bool answer_one() const {
    // A ROUTER gets what a REP would, behind the routing id and the delimiter.
    const auto request = router_.receive(10ms);
    if (!request) return !stopping_;
    const Frames reply{(*request)[0], "", "1.0", (*request)[3], "200", "", "anybody", ""};
    for (const auto& frame : reply)
      transport::send_frame(router_.socket, frame, &frame != &reply.back());
    return true;
  }

  BareRouter router_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

BOOST_AUTO_TEST_SUITE(authenticator_tests)

constexpr int enforce_domain = 93;

/// A CURVE server with these options, with our guard or without, and a key that nobody allowed.
bool stranger_gets_through(void* context, bool guarded,
                           std::initializer_list<transport::Option> options) {
  const CurveKeyPair server = make_curve_key_pair();
  const CurveKeyPair stranger = make_curve_key_pair();
  const BareRouter router(context, "tcp://127.0.0.1:*", options, guarded, server.secret_key);
  Monitor monitor(context, router.socket, handshake_outcomes);
  const ClientSocket client(context, ZMQ_DEALER, router.address,
                            {.own = &stranger, .server = &server.public_key}, {{ZMQ_LINGER, 0}});
  client.send({"hello"});
  const auto event = monitor.next();
  BOOST_REQUIRE(event);
  const bool let_in = event->first == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
  BOOST_TEST(router.receive(let_in ? patience : 0ms).has_value() == let_in);
  return let_in;
}

BOOST_AUTO_TEST_CASE(fact_9_with_one_lock_missing_a_stranger_gets_through) {
  // What libzmq does, and why `guard` sets both. The tests below mean something because this is so.
  const transport::Option domain{ZMQ_ZAP_DOMAIN, std::as_bytes(std::span("postern", 7))};
  BareContext without_authenticator;
  BOOST_TEST(stranger_gets_through(without_authenticator.handle, false, {}));
  BOOST_TEST(stranger_gets_through(without_authenticator.handle, false, {domain}));
  Transport transport;
  BOOST_TEST(stranger_gets_through(transport.handle(), false, {{enforce_domain, 1}}));
}

BOOST_AUTO_TEST_CASE(fact_9_with_all_locks_no_stranger_gets_through) {
  BareContext without_authenticator;
  BOOST_TEST(!stranger_gets_through(without_authenticator.handle, true, {}));
  Transport transport;
  BOOST_TEST(!stranger_gets_through(transport.handle(), true, {}));
}

BOOST_AUTO_TEST_CASE(the_self_check_passes_with_our_authenticator) {
  Transport transport;
  BOOST_TEST(transport::confirm_strangers_are_denied(transport.handle()).has_value());
  // One over CURVE, one over NULL.
  BOOST_TEST(transport.context->denied() == 2u);
}

BOOST_AUTO_TEST_CASE(the_self_check_fails_without_authenticator) {
  BareContext context;
  const auto checked = transport::confirm_strangers_are_denied(context.handle);
  BOOST_REQUIRE(!checked);
  BOOST_TEST((checked.error().kind == FailureKind::configuration));
}

BOOST_AUTO_TEST_CASE(the_self_check_fails_if_strangers_are_let_in) {
  BareContext context;
  {
    const LetsEverybodyIn authenticator(context.handle);
    const auto checked = transport::confirm_strangers_are_denied(context.handle);
    BOOST_REQUIRE(!checked);
    BOOST_TEST((checked.error().kind == FailureKind::configuration));
    BOOST_TEST(checked.error().sentence.find("CURVE") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(denials_of_the_self_check_are_not_counted) {
  Transport transport;
  BOOST_TEST(transport.context->denied() == 0u);
}

BOOST_AUTO_TEST_CASE(a_stranger_gets_no_answer_and_is_counted) {
  Transport transport;
  const CurveKeyPair friendly = make_curve_key_pair();
  const CurveKeyPair stranger = make_curve_key_pair();
  transport.allow(friendly);
  const ClientSocket knocking(transport.handle(), ZMQ_DEALER, transport.tcp_address(),
                              transport.credentials(stranger));
  knocking.send({"let me in"});
  BOOST_TEST(eventually([&] { return transport.context->denied() > 0; }));

  const ClientSocket client(transport.handle(), ZMQ_DEALER, transport.tcp_address(),
                            transport.credentials(friendly));
  client.send({"hello"});
  const auto message = transport.receive();
  BOOST_REQUIRE(message);
  BOOST_TEST(message->payload == "hello");
  BOOST_TEST(message->identity == curve_identity(friendly.public_key));
  BOOST_TEST(!transport.receive(0ms));
  BOOST_TEST(!knocking.receive(0ms));
  BOOST_TEST(transport.endpoint->counters().received == 1u);
}

BOOST_AUTO_TEST_CASE(nobody_gets_in_until_somebody_is_allowed) {
  Transport transport;
  const ClientSocket client(transport.handle(), ZMQ_DEALER, transport.ipc_address());
  client.send({"hello"});
  BOOST_TEST(eventually([&] { return transport.context->denied() > 0; }));
  BOOST_TEST(!transport.receive(0ms));
  transport.context->allow({own_identity()});
  // libzmq's client does not come again by itself once it was denied.
  const ClientSocket again(transport.handle(), ZMQ_DEALER, transport.ipc_address());
  again.send({"hello"});
  const auto message = transport.receive();
  BOOST_REQUIRE(message);
  BOOST_TEST(message->identity == own_identity());
}

BOOST_AUTO_TEST_CASE(an_identity_taken_off_the_list_makes_no_new_connection) {
  Transport transport;
  const CurveKeyPair key = make_curve_key_pair();
  transport.allow(key);
  const ClientSocket before(transport.handle(), ZMQ_DEALER, transport.tcp_address(),
                            transport.credentials(key));
  before.send({"one"});
  BOOST_REQUIRE(transport.receive());
  transport.context->allow({});
  const ClientSocket after(transport.handle(), ZMQ_DEALER, transport.tcp_address(),
                           transport.credentials(key));
  after.send({"two"});
  BOOST_TEST(eventually([&] { return transport.context->denied() > 0; }));
  // CURVE authenticates at connect only (hard fact 12): the old one goes on, for services to judge.
  before.send({"three"});
  const auto message = transport.receive();
  BOOST_REQUIRE(message);
  BOOST_TEST(message->payload == "three");
  BOOST_TEST(!transport.receive(0ms));
}

BOOST_AUTO_TEST_CASE(a_peer_without_curve_does_not_get_through_tcp) {
  Transport transport;
  transport.context->allow({own_identity()});
  const ClientSocket plain(transport.handle(), ZMQ_DEALER, "");
  Monitor monitor(transport.handle(), plain.socket(),
                  ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED);
  plain.connect(transport.tcp_address());
  plain.send({"hello"});
  const auto event = monitor.next();
  BOOST_REQUIRE(event);
  BOOST_TEST(event->first == ZMQ_EVENT_DISCONNECTED);
  BOOST_TEST(!transport.receive(0ms));
}

BOOST_AUTO_TEST_CASE(null_over_tcp_is_denied_whoever_is_allowed) {
  Transport transport;
  transport.context->allow({own_identity(), "uid:0", "uid:127", ""});
  const BareRouter without_curve(transport.handle(), "tcp://127.0.0.1:*", {}, true, {});
  const ClientSocket client(transport.handle(), ZMQ_DEALER, without_curve.address);
  client.send({"hello"});
  BOOST_TEST(eventually([&] { return transport.context->denied() > 0; }));
  BOOST_TEST(!without_curve.receive(0ms));
}

BOOST_AUTO_TEST_CASE(identity_of_an_ipc_peer_is_what_the_kernel_says) {
  Transport transport;
  transport.context->allow({own_identity()});
  const ClientSocket client(transport.handle(), ZMQ_DEALER, transport.ipc_address());
  client.send({"hello"});
  const auto message = transport.receive();
  BOOST_REQUIRE(message);
  BOOST_TEST(message->identity == "uid:" + std::to_string(::geteuid()));
}

BOOST_AUTO_TEST_CASE(identities_that_are_proved_and_those_that_are_not) {
  using transport::identity_of;
  const std::string key(32, '\xab');
  std::string hex = "curve:";
  for (int i = 0; i < 32; ++i) hex += "ab";
  BOOST_TEST((identity_of({.address = "127.0.0.1", .mechanism = "CURVE", .key = key}) == hex));
  BOOST_TEST(
      (identity_of({.address = "localhost:1000:100:42", .mechanism = "NULL"}) == "uid:1000"));
  const std::vector<transport::Handshake> unproved{
      {.address = "127.0.0.1", .mechanism = "CURVE", .key = std::string_view(key).substr(1)},
      {.address = "127.0.0.1", .mechanism = "CURVE"},
      {.address = "127.0.0.1", .mechanism = "PLAIN", .key = key},
      {.address = "localhost:1000:100:42", .mechanism = "PLAIN"},
      {.address = "localhost:1000:100:42", .mechanism = "NULL", .key = key},
      {.address = "127.0.0.1", .mechanism = "NULL"},
      {.address = "", .mechanism = "NULL"},
      {.address = "::1000:100:42", .mechanism = "NULL"},
      {.address = "2001:db8::1000:100:42", .mechanism = "NULL"},
      {.address = "localhost", .mechanism = "NULL"},
      {.address = "localhost:", .mechanism = "NULL"},
      {.address = "localhost::100:42", .mechanism = "NULL"},
      {.address = "localhost:1000:100", .mechanism = "NULL"},
      {.address = "localhost:1000:100:42:7", .mechanism = "NULL"},
      {.address = "localhost:-1:100:42", .mechanism = "NULL"},
      {.address = "localhost:4294967296:100:42", .mechanism = "NULL"},
      {.address = "localhost:65534:100:42", .mechanism = "NULL"},
      {.address = "other:1000:100:42", .mechanism = "NULL"},
  };
  for (const auto& handshake : unproved)
    BOOST_TEST(!identity_of(handshake), handshake.mechanism << " from " << handshake.address);
}

BOOST_AUTO_TEST_CASE(the_death_of_the_authenticator_is_told) {
  Transport transport;
  BOOST_TEST(transport.deaths == 0);
  // From now on every call on every socket of this context fails, the authenticator's too.
  BOOST_REQUIRE(zmq_ctx_shutdown(transport.handle()) == 0);
  BOOST_TEST(eventually([&] { return transport.deaths == 1; }));
}

BOOST_AUTO_TEST_CASE(an_orderly_stop_is_no_death) {
  int deaths = 0;
  auto context = transport::Context::start([&] { ++deaths; });
  BOOST_REQUIRE(context);
  context->reset();
  BOOST_TEST(deaths == 0);
}

BOOST_AUTO_TEST_CASE(the_authenticator_ticks_by_itself) {
  Transport transport;
  BOOST_TEST(eventually([&] { return transport.context->ticked(); }));
  BOOST_TEST(!transport.context->ticked());
  BOOST_TEST(eventually([&] { return transport.context->ticked(); }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
