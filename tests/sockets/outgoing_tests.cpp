// Peers that ask and do not read: what waits for them is bounded by bytes, and costs others
// nothing.
#include <zmq.h>

#include <boost/test/unit_test.hpp>

#include "daemon/transport/outgoing.h"
#include "tests/sockets/peers.h"

namespace postern::tests {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t mib = 1'048'576;
constexpr std::size_t page_bytes = 100'000;
constexpr int pages = 1'000;

/// Answers to a peer that reads nothing; gives how many of them libzmq took.
struct Unread : Transport {
  explicit Unread(std::size_t bytes_max)
      : Transport([&](auto& options) { options.answer_bytes_max = bytes_max; }) {
    context->allow({own_identity()});
  }
  ClientSocket client() { return {handle(), ZMQ_DEALER, ipc_address(), {}, {{ZMQ_RCVHWM, 1}}}; }
  transport::Peer peer_of(const ClientSocket& client) {
    client.send({"a question"});
    const auto question = receive();
    BOOST_REQUIRE(question);
    return question->peer;
  }
  int flood(const transport::Peer& peer) {
    const auto before = endpoint->counters().dropped_out;
    for (int sent = 0; sent < pages; ++sent) answer(peer, page);
    return pages - static_cast<int>(endpoint->counters().dropped_out - before);
  }

  std::string page = std::string(page_bytes, 'x');
};

/// What the kernel and the peer's own libzmq hold beside what waits here.
constexpr std::size_t on_the_way = 2 * mib;

zmq_msg_t taken(transport::Outgoing& outgoing, const platform::Peer& peer, std::size_t bytes) {
  const std::vector<std::uint8_t> payload(bytes, 1);
  zmq_msg_t message;
  BOOST_REQUIRE(outgoing.has_room(peer, bytes));
  outgoing.make(message, peer, payload, true);
  return message;
}

bool refused(transport::Outgoing& outgoing, const platform::Peer& peer, std::size_t bytes) {
  if (!outgoing.has_room(peer, bytes)) return true;
  zmq_msg_t message = taken(outgoing, peer, bytes);
  zmq_msg_close(&message);
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(outgoing_tests)

BOOST_AUTO_TEST_CASE(who_would_hold_more_than_is_free_gets_no_more) {
  transport::Outgoing outgoing(200);
  const platform::Peer one{"one", 0, false};
  const platform::Peer same_name{"one", 1, false};
  zmq_msg_t first = taken(outgoing, one, 40);
  BOOST_TEST(refused(outgoing, one, 121));
  zmq_msg_t second = taken(outgoing, one, 120);
  // Who holds none gets one, however little is free.
  zmq_msg_t of_another = taken(outgoing, same_name, 200);
  BOOST_TEST(refused(outgoing, same_name, 1));
  zmq_msg_close(&of_another);
  zmq_msg_close(&second);
  BOOST_TEST(!refused(outgoing, one, 120));
  zmq_msg_close(&first);
  BOOST_TEST(!refused(outgoing, one, 200));
}

BOOST_AUTO_TEST_CASE(a_message_may_outlive_what_counts_it) {
  std::optional<transport::Outgoing> outgoing(100);
  zmq_msg_t message = taken(*outgoing, {"one", 0, false}, 50);
  outgoing.reset();
  BOOST_TEST(zmq_msg_close(&message) == 0);
}

BOOST_AUTO_TEST_CASE(peers_that_hold_nothing_are_forgotten_and_others_not) {
  transport::Outgoing outgoing(200);
  const platform::Peer holder{"holder", 0, false};
  zmq_msg_t kept = taken(outgoing, holder, 60);
  for (int index = 0; index < 1'000; ++index)
    BOOST_REQUIRE(!refused(outgoing, {std::to_string(index), 0, false}, 10));
  BOOST_TEST(refused(outgoing, holder, 81));
  zmq_msg_close(&kept);
}

BOOST_AUTO_TEST_CASE(fact_13_what_waits_for_a_peer_that_does_not_read_is_bounded_by_bytes) {
  // One alone has half.
  Unread transport(16 * mib);
  const auto slow = transport.client();
  const auto peer = transport.peer_of(slow);
  const std::size_t taken = page_bytes * static_cast<std::size_t>(transport.flood(peer));
  BOOST_TEST(taken > 8 * mib - 2 * page_bytes);
  BOOST_TEST(taken < 8 * mib + on_the_way);
  // Another is answered, with as much as it reads.
  const auto other = transport.client();
  const auto other_peer = transport.peer_of(other);
  for (int index = 0; index < 10; ++index) {
    transport.answer(other_peer, transport.page);
    BOOST_REQUIRE(other.receive());
  }
  // Whoever reads again is answered again.
  BOOST_TEST(eventually([&] {
    while (slow.receive(0ms)) continue;
    const auto dropped = transport.endpoint->counters().dropped_out;
    transport.answer(peer, transport.page);
    return transport.endpoint->counters().dropped_out == dropped;
  }));
}

BOOST_AUTO_TEST_CASE(fact_13_canary_a_mark_that_counts_messages_lets_all_of_it_wait) {
  Unread transport(1'024 * mib);
  const auto slow = transport.client();
  BOOST_TEST(transport.flood(transport.peer_of(slow)) == pages);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::tests
