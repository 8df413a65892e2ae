// Which messages come through an endpoint, and in which form answers go back.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "daemon/platform/descriptor.h"
#include "daemon/transport/identity.h"
#include "tests/sockets/peers.h"

namespace postern::tests {

namespace {

using namespace std::chrono_literals;
using credential::CurveKeyPair;
using credential::make_curve_key_pair;

/// ZMTP 3.0 by hand over an ipc socket, NULL mechanism: a peer that libzmq would not be.
class HandmadePeer {
 public:
  explicit HandmadePeer(const std::filesystem::path& path)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path.native(), address.sun_path);
    BOOST_REQUIRE(::connect(socket_.number(), reinterpret_cast<const sockaddr*>(&address),
                            sizeof address) == 0);
  }

  void greet() const {
    std::string greeting = "\xff" + std::string(8, '\0') + "\x7f" + '\3' + '\0' + "NULL";
    greeting.resize(64);
    write(greeting);
    read(64);
  }
  /// Until the other side is ready as well; it takes no message before.
  void exchange_ready(const std::vector<std::pair<std::string, std::string>>& properties) const {
    std::string body = "\5READY";
    for (const auto& [name, value] : properties)
      body += static_cast<char>(name.size()) + name + std::string(3, '\0') +
              static_cast<char>(value.size()) + value;
    write('\4' + (static_cast<char>(body.size()) + body));
    const std::string header = read(2);
    BOOST_REQUIRE(header[0] == '\4');
    read(static_cast<unsigned char>(header[1]));
  }
  void send_message(const std::string& payload) const {
    write('\0' + (static_cast<char>(payload.size()) + payload));
  }

 private:
  void write(const std::string& bytes) const {
    BOOST_REQUIRE(::write(socket_.number(), bytes.data(), bytes.size()) ==
                  static_cast<ssize_t>(bytes.size()));
  }
  std::string read(std::size_t size) const {
    std::string bytes(size, '\0');
    BOOST_REQUIRE(::recv(socket_.number(), bytes.data(), size, MSG_WAITALL) ==
                  static_cast<ssize_t>(size));
    return bytes;
  }

  platform::Descriptor socket_;
};

struct IpcTransport : Transport {
  IpcTransport() { context->allow({own_identity()}); }
  ClientSocket client(int type) { return {handle(), type, ipc_address()}; }
};

BOOST_AUTO_TEST_SUITE(frames_tests)

BOOST_FIXTURE_TEST_CASE(req_and_dealer_are_answered_in_the_form_they_asked, IpcTransport) {
  const auto req = client(ZMQ_REQ);
  req.send({"from req"});
  const auto question = receive();
  BOOST_REQUIRE(question);
  BOOST_TEST(question->payload == "from req");
  answer(question->peer, "to req");
  const Frames one_frame_for_req{"to req"};
  BOOST_TEST((req.receive() == one_frame_for_req));

  const auto dealer = client(ZMQ_DEALER);
  dealer.send({"from dealer"});
  const auto second = receive();
  BOOST_REQUIRE(second);
  BOOST_TEST(second->payload == "from dealer");
  answer(second->peer, "to dealer");
  const Frames one_frame{"to dealer"};
  BOOST_TEST((dealer.receive() == one_frame));

  // A DEALER that plays REQ gets its delimiter back.
  dealer.send({"", "with delimiter"});
  const auto third = receive();
  BOOST_REQUIRE(third);
  BOOST_TEST(third->payload == "with delimiter");
  answer(third->peer, "back");
  const Frames two_frames{"", "back"};
  BOOST_TEST((dealer.receive() == two_frames));
}

BOOST_FIXTURE_TEST_CASE(answers_keep_their_peers_apart, IpcTransport) {
  const auto first = client(ZMQ_DEALER);
  const auto second = client(ZMQ_DEALER);
  first.send({"1"});
  second.send({"2"});
  const auto one = receive();
  const auto two = receive();
  BOOST_REQUIRE((one && two));
  answer(two->peer, "for " + two->payload);
  answer(one->peer, "for " + one->payload);
  const Frames for_first{"for 1"};
  const Frames for_second{"for 2"};
  BOOST_TEST((first.receive() == for_first));
  BOOST_TEST((second.receive() == for_second));
}

BOOST_FIXTURE_TEST_CASE(an_empty_payload_is_a_payload, IpcTransport) {
  const auto req = client(ZMQ_REQ);
  req.send({""});
  const auto question = receive();
  BOOST_REQUIRE(question);
  BOOST_TEST(question->payload.empty());
  answer(question->peer, "empty");
  BOOST_TEST(req.receive().has_value());

  // The last frame is the payload, not a delimiter before the next message.
  const auto dealer = client(ZMQ_DEALER);
  dealer.send({""});
  dealer.send({"next"});
  const auto empty = receive();
  BOOST_REQUIRE(empty);
  BOOST_TEST(empty->payload.empty());
  const auto next = receive();
  BOOST_REQUIRE(next);
  BOOST_TEST(next->payload == "next");
}

BOOST_FIXTURE_TEST_CASE(wrong_frames_are_dropped_and_counted, IpcTransport) {
  const auto dealer = client(ZMQ_DEALER);
  const std::vector<Frames> wrong{
      {"a", "b"}, {"", "a", "b"}, {"", "", "a"}, {"a", ""}, {"", "", ""}, {"a", "b", "c", "d"},
  };
  for (const auto& frames : wrong) dealer.send(frames);
  dealer.send({"right"});
  const auto message = receive();
  BOOST_REQUIRE(message);
  BOOST_TEST(message->payload == "right");
  BOOST_TEST(endpoint->counters().dropped_in == wrong.size());
  BOOST_TEST(endpoint->counters().received == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_message_of_thousands_of_frames_is_one_drop, IpcTransport) {
  const auto dealer = client(ZMQ_DEALER);
  dealer.send(Frames(12'000, "part"));
  dealer.send({"right"});
  const auto message = receive();
  BOOST_REQUIRE(message);
  BOOST_TEST(message->payload == "right");
  BOOST_TEST(endpoint->counters().dropped_in == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_flood_of_wrong_frames_lets_the_caller_breathe, IpcTransport) {
  const auto dealer = client(ZMQ_DEALER);
  constexpr int count = 1000;
  for (int i = 0; i < count; ++i) dealer.send({"a", "b"});
  dealer.send({"right"});
  transport::Inbound inbound;
  std::uint64_t most_at_once = 0;
  BOOST_TEST(eventually([&] {
    const auto before = endpoint->counters().dropped_in;
    const bool got = endpoint->receive(inbound);
    most_at_once = std::max(most_at_once, endpoint->counters().dropped_in - before);
    return got;
  }));
  BOOST_TEST(endpoint->counters().dropped_in == static_cast<std::uint64_t>(count));
  BOOST_TEST(most_at_once <= 64u);
}

BOOST_FIXTURE_TEST_CASE(an_identity_that_the_peer_claims_itself_is_not_believed, IpcTransport) {
  const HandmadePeer peer(folder / "socket");
  peer.greet();
  peer.exchange_ready(
      {{"Socket-Type", "DEALER"}, {"User-Id", "uid:4711"}, {"Peer-Address", "::1"}});
  peer.send_message("hello");
  const auto message = receive();
  BOOST_REQUIRE(message);
  BOOST_TEST(message->payload == "hello");
  BOOST_TEST(message->identity == own_identity());
}

BOOST_FIXTURE_TEST_CASE(a_secret_can_be_wiped_where_it_lies, IpcTransport) {
  const auto dealer = client(ZMQ_DEALER);
  const std::string secret(300, 's');
  dealer.send({secret});
  transport::Inbound inbound;
  BOOST_REQUIRE(eventually([&] { return endpoint->receive(inbound); }));
  BOOST_TEST(inbound.payload.size() == secret.size());
  std::ranges::fill(inbound.payload, std::byte{0});
  dealer.send({"next"});
  const auto next = receive();
  BOOST_REQUIRE(next);
  BOOST_TEST(next->payload == "next");
}

BOOST_AUTO_TEST_CASE(the_longest_message_passes_and_a_longer_one_ends_the_connection) {
  constexpr std::size_t bytes_max = 10'000;
  Transport transport([](auto& options) { options.message_bytes_max = bytes_max; });
  const CurveKeyPair key = make_curve_key_pair();
  transport.allow(key);
  for (const bool curve : {true, false}) {
    const std::string address = curve ? transport.tcp_address() : transport.ipc_address();
    const auto credentials = curve ? transport.credentials(key) : Credentials{};
    const ClientSocket good(transport.handle(), ZMQ_DEALER, address, credentials);
    const ClientSocket bad(transport.handle(), ZMQ_DEALER, address, credentials);
    bad.send({std::string(bytes_max, 'x')});
    auto message = transport.receive();
    BOOST_REQUIRE(message);
    BOOST_TEST(message->payload.size() == bytes_max);

    Monitor monitor(transport.handle(), bad.socket(), ZMQ_EVENT_DISCONNECTED);
    bad.send({std::string(bytes_max + 1, 'x')});
    BOOST_TEST(monitor.next().has_value());
    good.send({"good"});
    message = transport.receive();
    BOOST_REQUIRE(message);
    BOOST_TEST(message->payload == "good");
  }
  BOOST_TEST(transport.endpoint->counters().received == 4u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace postern::tests
