// Binding, waiting, and peers that do not read, do not speak, or are gone.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <zmq.h>

#include <boost/test/unit_test.hpp>
#include <thread>

#include "daemon/platform/descriptor.h"
#include "daemon/platform/waker.h"
#include "tests/sockets/peers.h"

namespace postern::tests {

namespace {

using namespace std::chrono_literals;
using credential::CurveKeyPair;
using credential::make_curve_key_pair;
using transport::Endpoint;
using transport::EndpointOptions;

struct OwnUid : Transport {
  OwnUid() { context->allow({own_identity()}); }
  ClientSocket client(std::initializer_list<transport::Option> options = {}) {
    return {handle(), ZMQ_DEALER, ipc_address(), {}, options};
  }
};

Failure why_not(Transport& transport, const EndpointOptions& options) {
  const auto endpoint = Endpoint::bind(*transport.context, options);
  BOOST_REQUIRE(!endpoint);
  BOOST_TEST(!endpoint.error().remedy.empty());
  return endpoint.error();
}

BOOST_AUTO_TEST_SUITE(endpoint_tests)

BOOST_FIXTURE_TEST_CASE(a_port_in_use_is_named, Transport) {
  const auto failure = why_not(
      *this, {.name = "second", .tcp = {tcp_address()}, .curve_secret = server_key.secret_key});
  BOOST_TEST((failure.kind == FailureKind::in_use));
  BOOST_TEST(failure.sentence.find(tcp_address()) != std::string::npos, failure.sentence);
}

BOOST_FIXTURE_TEST_CASE(an_ipc_path_in_use_is_named_and_goes_on_working, OwnUid) {
  const auto failure = why_not(*this, {.name = "second", .ipc = folder / "socket"});
  BOOST_TEST((failure.kind == FailureKind::in_use));
  BOOST_TEST(failure.sentence.find((folder / "socket").native()) != std::string::npos);
  const auto peer = client();
  peer.send({"hello"});
  BOOST_TEST(receive().has_value());
}

BOOST_FIXTURE_TEST_CASE(addresses_that_are_none_are_configuration, Transport) {
  for (const std::string address :
       {"", "tcp://", "tcp://nonsense", "tcp://127.0.0.1", "tcp://127.0.0.1:99999",
        "tcp://127.0.0.1:-1", "tcp://127.0.0.1:12x", "tcp://127.0.0.1:", "tcp://192.0.2.1:7601",
        "127.0.0.1:7601", "ipc:///tmp/postern", "inproc://postern", "udp://127.0.0.1:7601",
        "ws://127.0.0.1:7601"}) {
    const auto failure =
        why_not(*this, {.name = "wrong", .tcp = {address}, .curve_secret = server_key.secret_key});
    BOOST_TEST((failure.kind == FailureKind::configuration), failure.sentence);
  }
}

BOOST_FIXTURE_TEST_CASE(tcp_without_a_server_key_is_refused, Transport) {
  const auto failure = why_not(*this, {.name = "open", .tcp = {"tcp://127.0.0.1:*"}});
  BOOST_TEST((failure.kind == FailureKind::configuration));
}

BOOST_AUTO_TEST_CASE(several_addresses_of_both_families_are_one_endpoint) {
  Transport transport([](auto& options) {
    options.tcp = {"tcp://127.0.0.1:*", "tcp://[::1]:*", "tcp://127.0.0.1:*"};
  });
  BOOST_REQUIRE(transport.addresses.size() == 4);
  BOOST_TEST(transport.addresses[0].starts_with("tcp://127.0.0.1:"));
  BOOST_TEST(transport.addresses[1].starts_with("tcp://[::1]:"));
  BOOST_TEST(transport.addresses[3] == "ipc://" + (transport.folder / "socket").native());
  const CurveKeyPair key = make_curve_key_pair();
  transport.allow(key);
  for (const auto& address : transport.addresses) {
    const bool is_tcp = address.starts_with("tcp");
    const ClientSocket client(transport.handle(), ZMQ_DEALER, address,
                              is_tcp ? transport.credentials(key) : Credentials{}, {{ZMQ_IPV6, 1}});
    client.send({address});
    const auto message = transport.receive();
    BOOST_REQUIRE(message);
    BOOST_TEST(message->payload == address);
    transport.answer(message->peer, "back");
    BOOST_TEST(client.receive().has_value());
  }
}

BOOST_FIXTURE_TEST_CASE(wait_ends_with_a_message_a_descriptor_or_time, OwnUid) {
  platform::Waker waker;
  transport::Inbound inbound;
  BOOST_TEST(!endpoint->receive(inbound));
  endpoint->wait(waker.descriptor(), 0);

  // All four threads have their say in this: nothing but the waker can end a wait without time.
  std::thread other([&] { waker.wake(); });
  BOOST_TEST(!endpoint->receive(inbound));
  endpoint->wait(waker.descriptor(), -1);
  other.join();
  waker.clear();

  const auto peer = client();
  peer.send({"hello"});
  BOOST_TEST(receive().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_message_that_comes_while_answers_go_out_is_not_overlooked, OwnUid) {
  const auto peer = client();
  peer.send({"first"});
  const auto question = receive();
  BOOST_REQUIRE(question);
  transport::Inbound inbound;
  BOOST_TEST(!endpoint->receive(inbound));
  peer.send({"second"});
  // So many that libzmq takes in what has come while it sends; its descriptor says nothing then.
  for (int i = 0; i < 10'000; ++i) answer(question->peer, "answer");
  const auto second = receive();
  BOOST_REQUIRE(second);
  BOOST_TEST(second->payload == "second");
}

BOOST_FIXTURE_TEST_CASE(a_peer_that_is_gone_costs_its_answer, OwnUid) {
  std::optional<Received> question;
  {
    const auto peer = client();
    peer.send({"hello"});
    question = receive();
    BOOST_REQUIRE(question);
    answer(question->peer, "hello");
    BOOST_REQUIRE(peer.receive());
    BOOST_TEST(endpoint->counters().dropped_out == 0u);
  }
  BOOST_TEST(eventually([&] {
    answer(question->peer, "nobody there");
    return endpoint->counters().dropped_out > 0;
  }));
  answer({.routing_id = "never seen", .socket = 0, .delimiter = true}, "nobody there");
  BOOST_TEST(endpoint->counters().dropped_out >= 2u);
}

BOOST_FIXTURE_TEST_CASE(a_peer_that_does_not_read_holds_nobody_up, OwnUid) {
  const auto slow = client({{ZMQ_RCVHWM, 1}});
  slow.send({"a question"});
  const auto question = receive();
  BOOST_REQUIRE(question);
  const std::string page(10'000, 'x');
  // The kernel's buffers and libzmq's fill up; `send` has to come back all the same.
  BOOST_TEST(eventually([&] {
    for (int i = 0; i < 100; ++i) answer(question->peer, page);
    return endpoint->counters().dropped_out >= 1000;
  }));
  const auto other = client();
  other.send({"another question"});
  const auto another = receive();
  BOOST_REQUIRE(another);
  answer(another->peer, "answer");
  BOOST_TEST(other.receive().has_value());
  // Whoever reads again is answered again.
  BOOST_TEST(eventually([&] {
    while (slow.receive(0ms)) continue;
    const auto dropped = endpoint->counters().dropped_out;
    answer(question->peer, "after");
    return endpoint->counters().dropped_out == dropped;
  }));
}

BOOST_AUTO_TEST_CASE(a_peer_that_reads_loses_nothing_however_fast_it_is_answered) {
  constexpr int answers_max = 10;
  Transport transport([](auto& options) { options.answers_max = answers_max; });
  transport.context->allow({own_identity()});
  const ClientSocket peer(transport.handle(), ZMQ_DEALER, transport.ipc_address());
  peer.send({"hello"});
  const auto question = transport.receive();
  BOOST_REQUIRE(question);
  for (int round = 0; round < 2000; ++round) {
    for (int i = 0; i < answers_max; ++i) transport.answer(question->peer, "answer");
    for (int i = 0; i < answers_max; ++i) BOOST_REQUIRE(peer.receive());
  }
  BOOST_TEST(transport.endpoint->counters().dropped_out == 0u);
}

BOOST_FIXTURE_TEST_CASE(K5_a_thousand_receipts_at_once_all_arrive, OwnUid) {
  // A group commit answers everything that one operator had in flight, in one go.
  constexpr int in_flight = 1000;
  const auto peer = client();
  for (int i = 0; i < in_flight; ++i) peer.send({"command " + std::to_string(i)});
  std::vector<transport::Peer> group;
  while (group.size() < in_flight) {
    const auto message = receive();
    BOOST_REQUIRE(message);
    group.push_back(message->peer);
  }
  const std::string receipt(400, 'r');
  for (const auto& waiting : group) answer(waiting, receipt);
  BOOST_TEST(endpoint->counters().dropped_out == 0u);
  for (int i = 0; i < in_flight; ++i) BOOST_REQUIRE(peer.receive());
}

BOOST_AUTO_TEST_CASE(a_busy_socket_does_not_starve_the_other) {
  Transport transport;
  const CurveKeyPair key = make_curve_key_pair();
  transport.allow(key);
  const ClientSocket quiet(transport.handle(), ZMQ_DEALER, transport.tcp_address(),
                           transport.credentials(key));
  std::atomic<bool> stopping = false;
  std::thread flood([&] {
    const ClientSocket busy(transport.handle(), ZMQ_DEALER, transport.ipc_address(), {},
                            {{ZMQ_SNDTIMEO, 10}});
    while (!stopping) zmq_send(busy.socket().get(), "flood", 5, 0);
  });
  BOOST_TEST(transport.receive().has_value());
  quiet.send({"me too"});
  transport::Inbound inbound;
  bool heard = false;
  // Without `wait`: a thread that always finds something to do never gets there.
  BOOST_TEST(eventually([&] {
    for (int i = 0; i < 1000 && !heard; ++i)
      heard = transport.endpoint->receive(inbound) && inbound.peer.socket == 0;
    return heard;
  }));
  stopping = true;
  flood.join();
}

BOOST_AUTO_TEST_CASE(a_connection_that_says_nothing_is_ended) {
  Transport transport([](auto& options) { options.handshake_ms = 100; });
  const CurveKeyPair key = make_curve_key_pair();
  transport.allow(key);
  const std::string& address = transport.tcp_address();
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port =
      htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<platform::Descriptor> silent;
  for (int i = 0; i < 50; ++i) {
    silent.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    BOOST_REQUIRE(
        ::connect(silent.back().number(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  }
  const ClientSocket client(transport.handle(), ZMQ_DEALER, address, transport.credentials(key));
  client.send({"hello"});
  BOOST_TEST(transport.receive().has_value());
  for (const auto& connection : silent) {
    const timeval limit{.tv_sec = patience.count(), .tv_usec = 0};
    ::setsockopt(connection.number(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char byte[64];
    ssize_t got = 0;
    // First the server's greeting, then the end.
    while ((got = ::recv(connection.number(), byte, sizeof byte, 0)) > 0) continue;
    BOOST_TEST((got == 0 || errno == ECONNRESET));
  }
  client.send({"still here"});
  BOOST_TEST(transport.receive().has_value());
}

BOOST_AUTO_TEST_CASE(the_last_answers_are_still_sent_at_the_end) {
  // As long as it takes here: a daemon waits a moment alone.
  std::optional<Transport> transport(std::in_place, [](transport::EndpointOptions& options) {
    BOOST_TEST(options.linger_ms > 0);
    options.linger_ms = static_cast<int>(std::chrono::milliseconds(patience).count());
  });
  transport->context->allow({own_identity()});
  const ClientSocket client(transport->handle(), ZMQ_DEALER, transport->ipc_address());
  client.send({"hello"});
  const auto question = transport->receive();
  BOOST_REQUIRE(question);
  // More than the kernel holds: most of it still waits in our process when the endpoint ends.
  const std::string page(100'000, 'x');
  for (int i = 0; i < 100; ++i) transport->answer(question->peer, page);
  transport->endpoint.reset();
  for (int i = 0; i < 100; ++i) BOOST_REQUIRE(client.receive());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
