// Who sent a message is found without asking libzmq, and is never somebody else.
#include <zmq.h>

#include <boost/test/unit_test.hpp>
#include <memory>
#include <set>
#include <string>

#include "daemon/transport/identity.h"
#include "daemon/transport/senders.h"
#include "tests/sockets/peers.h"

namespace postern::tests {

namespace {

using credential::CurveKeyPair;
using credential::make_curve_key_pair;
using transport::Sender;
using transport::Senders;

std::string identity_of(const CurveKeyPair& key) {
  return transport::curve_identity(std::as_bytes(std::span(key.public_key)));
}

/// Two frames as libzmq gives them.
struct RawMessage {
  RawMessage() {
    zmq_msg_init(&routing_id);
    zmq_msg_init(&payload);
  }
  ~RawMessage() {
    zmq_msg_close(&routing_id);
    zmq_msg_close(&payload);
  }
  RawMessage(const RawMessage&) = delete;
  RawMessage& operator=(const RawMessage&) = delete;

  void receive(const transport::Socket& socket) {
    BOOST_REQUIRE(zmq_msg_recv(&routing_id, socket.get(), 0) >= 0);
    BOOST_REQUIRE(zmq_msg_recv(&payload, socket.get(), 0) >= 0);
  }
  std::string name() {
    return {static_cast<const char*>(zmq_msg_data(&routing_id)), zmq_msg_size(&routing_id)};
  }

  zmq_msg_t routing_id{};
  zmq_msg_t payload{};
};

struct Knocking {
  Knocking() { transport.context->allow({own_identity()}); }
  ClientSocket dealer() const { return {transport.handle(), ZMQ_DEALER, router.address}; }

  Transport transport;
  BareRouter router{
      transport.handle(), "ipc://@postern-senders-" + std::to_string(::getpid()), {}, true, {}};
  Senders senders;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(senders_tests)

BOOST_FIXTURE_TEST_CASE(a_connection_is_known_once_it_was_learnt, Knocking) {
  const ClientSocket peer = dealer();
  peer.send({"one"});
  peer.send({"two"});
  RawMessage message;
  BOOST_TEST(senders.find(message.payload) == nullptr);
  message.receive(router.socket);
  BOOST_TEST(senders.find(message.payload) == nullptr);
  const std::string identity = own_identity();
  senders.learn(message.routing_id, message.payload, identity);
  message.receive(router.socket);
  const Sender* sender = senders.find(message.payload);
  BOOST_REQUIRE(sender != nullptr);
  BOOST_TEST(sender->identity == identity);
  BOOST_TEST(sender->routing_id == message.name());
  RawMessage from_nobody;
  BOOST_TEST(senders.find(from_nobody.payload) == nullptr);
  senders.learn(from_nobody.routing_id, from_nobody.payload, identity);
  BOOST_TEST(senders.find(from_nobody.payload) == nullptr);
}

/// Memory of a connection that is gone is used again by the next.
BOOST_FIXTURE_TEST_CASE(a_new_connection_is_never_taken_for_one_that_is_gone, Knocking) {
  constexpr int connections = 200;
  std::set<std::string> names;
  for (int number = 0; number < connections; ++number) {
    const ClientSocket peer = dealer();
    peer.send({"hello"});
    RawMessage message;
    message.receive(router.socket);
    BOOST_REQUIRE(senders.find(message.payload) == nullptr);
    senders.learn(message.routing_id, message.payload, "somebody");
    const Sender* sender = senders.find(message.payload);
    BOOST_REQUIRE(sender != nullptr);
    BOOST_REQUIRE(names.insert(sender->routing_id).second);
  }
}

BOOST_AUTO_TEST_CASE(who_takes_the_routing_id_of_another_keeps_its_own_identity) {
  Transport transport;
  const std::string name = "chosen";
  const CurveKeyPair keys[] = {make_curve_key_pair(), make_curve_key_pair()};
  transport.context->allow({identity_of(keys[0]), identity_of(keys[1])});
  for (int round = 0; round < 20; ++round) {
    const CurveKeyPair& key = keys[round % 2];
    // As long as the one before has not gone in libzmq's eyes, the id is taken, and who has it then
    // is not heard.
    std::optional<Received> received;
    const bool is_heard = eventually([&] {
      const ClientSocket peer(transport.handle(), ZMQ_DEALER, transport.tcp_address(),
                              transport.credentials(key),
                              {{ZMQ_ROUTING_ID, std::as_bytes(std::span(name))}});
      for (int number = 0; number < 3; ++number) peer.send({std::to_string(round)});
      for (int number = 0; number < 3; ++number) {
        received = transport.receive(std::chrono::milliseconds(200));
        if (!received) return false;
        BOOST_REQUIRE(received->identity == identity_of(key));
        BOOST_REQUIRE(received->peer.routing_id == name);
        BOOST_REQUIRE(received->payload == std::to_string(round));
      }
      return true;
    });
    BOOST_REQUIRE(is_heard);
  }
}

/// More connections than are known at once, each answered at once and later.
BOOST_AUTO_TEST_CASE(many_peers_are_kept_apart) {
  constexpr std::size_t count = 300;
  Transport transport;
  transport.context->allow({own_identity()});
  std::vector<std::unique_ptr<ClientSocket>> peers;
  for (std::size_t number = 0; number < count; ++number)
    peers.push_back(
        std::make_unique<ClientSocket>(transport.handle(), ZMQ_DEALER, transport.ipc_address()));
  for (int round = 0; round < 3; ++round) {
    for (std::size_t number = 0; number < count; ++number)
      peers[number]->send({std::to_string(number)});
    std::vector<Received> later;
    for (std::size_t number = 0; number < count; ++number) {
      const auto received = transport.receive();
      BOOST_REQUIRE(received);
      BOOST_REQUIRE(received->identity == own_identity());
      transport.answer(received->peer, received->payload + " now");
      later.push_back(*received);
    }
    for (const Received& received : later)
      transport.answer(received.peer, received.payload + " later");
    for (std::size_t number = 0; number < count; ++number) {
      const Frames now{std::to_string(number) + " now"};
      const Frames afterwards{std::to_string(number) + " later"};
      BOOST_REQUIRE((peers[number]->receive() == now));
      BOOST_REQUIRE((peers[number]->receive() == afterwards));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::tests
