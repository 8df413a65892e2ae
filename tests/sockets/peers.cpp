#include "tests/sockets/peers.h"

#include <poll.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstring>

#include "daemon/platform/require.h"
#include "daemon/transport/identity.h"

namespace postern::tests {

namespace {

using transport::Socket;

template <class Value>
Value checked(Expected<Value> result) {
  if (!result) BOOST_FAIL(result.error().sentence);
  return *std::move(result);
}

void checked(const Expected<>& result) {
  if (!result) BOOST_FAIL(result.error().sentence);
}

bool readable(const Socket& socket, std::chrono::milliseconds limit) {
  zmq_pollitem_t item{socket.get(), 0, ZMQ_POLLIN, 0};
  return zmq_poll(&item, 1, limit.count()) > 0;
}

std::optional<Frames> receive_frames(const Socket& socket, std::chrono::milliseconds limit) {
  if (!readable(socket, limit)) return std::nullopt;
  Frames frames;
  zmq_msg_t message;
  zmq_msg_init(&message);
  do {
    // Not Boost's: threads of the tests receive too.
    require(zmq_msg_recv(&message, socket.get(), 0) >= 0);
    frames.emplace_back(static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message));
  } while (zmq_msg_more(&message));
  zmq_msg_close(&message);
  return frames;
}

}  // namespace

bool eventually(const std::function<bool()>& is_so) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "postern-XXXXXX").native();
  BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() { std::filesystem::remove_all(path_); }

ClientSocket::ClientSocket(void* context, int type, const std::string& address,
                           Credentials credentials,
                           std::initializer_list<transport::Option> options)
    : socket_(checked(transport::open_socket(context, type))) {
  checked(transport::set_options(socket_, options));
  if (credentials.own)
    checked(transport::set_options(socket_, {{ZMQ_CURVE_SERVERKEY, *credentials.server},
                                             {ZMQ_CURVE_PUBLICKEY, credentials.own->public_key},
                                             {ZMQ_CURVE_SECRETKEY, credentials.own->secret_key}}));
  if (!address.empty()) connect(address);
}

void ClientSocket::connect(const std::string& address) const {
  BOOST_REQUIRE(zmq_connect(socket_.get(), address.c_str()) == 0);
}

void ClientSocket::send(const Frames& frames) const {
  for (const auto& frame : frames)
    BOOST_REQUIRE(transport::send_frame(socket_, frame, &frame != &frames.back()));
}

std::optional<Frames> ClientSocket::receive(std::chrono::milliseconds limit) const {
  return receive_frames(socket_, limit);
}

Monitor::Monitor(void* context, const Socket& socket, int events)
    : watched_(socket.get()), watcher_(checked(transport::open_socket(context, ZMQ_PAIR))) {
  static std::atomic<int> count = 0;
  const std::string address = "inproc://monitor-" + std::to_string(++count);
  BOOST_REQUIRE(zmq_socket_monitor(socket.get(), address.c_str(), events) == 0);
  BOOST_REQUIRE(zmq_connect(watcher_.get(), address.c_str()) == 0);
}

Monitor::~Monitor() { zmq_socket_monitor(watched_, nullptr, 0); }

std::optional<std::pair<int, std::uint32_t>> Monitor::next(std::chrono::milliseconds limit) {
  const auto frames = receive_frames(watcher_, limit);
  if (!frames) return std::nullopt;
  std::uint16_t event = 0;
  std::uint32_t value = 0;
  std::memcpy(&event, frames->front().data(), sizeof event);
  std::memcpy(&value, frames->front().data() + sizeof event, sizeof value);
  return std::pair<int, std::uint32_t>(event, value);
}

BareRouter::BareRouter(void* context, const std::string& wanted,
                       std::initializer_list<transport::Option> options, bool guarded,
                       std::span<const std::byte> curve_secret)
    : socket(checked(transport::open_socket(context, ZMQ_ROUTER))) {
  checked(transport::set_options(socket, options));
  if (guarded)
    checked(transport::guard(socket, curve_secret));
  else if (!curve_secret.empty())
    checked(transport::set_options(socket,
                                   {{ZMQ_CURVE_SERVER, 1}, {ZMQ_CURVE_SECRETKEY, curve_secret}}));
  if (wanted.empty()) return;
  BOOST_REQUIRE(zmq_bind(socket.get(), wanted.c_str()) == 0);
  address = transport::last_address(socket);
}

std::optional<Frames> BareRouter::receive(std::chrono::milliseconds limit) const {
  return receive_frames(socket, limit);
}

Transport::Transport(const std::function<void(transport::EndpointOptions&)>& change) {
  context = checked(transport::Context::start([this] { ++deaths; }));
  transport::EndpointOptions options{.name = "tests",
                                     .tcp = {"tcp://127.0.0.1:*"},
                                     .ipc = folder / "socket",
                                     .curve_secret = server_key.secret_key};
  if (change) change(options);
  endpoint = checked(transport::Endpoint::bind(*context, options));
  addresses = endpoint->addresses();
}

void Transport::allow(const credential::CurveKeyPair& key) {
  context->allow({own_identity(), transport::curve_identity(key.public_key)});
}

Credentials Transport::credentials(const credential::CurveKeyPair& key) const {
  return {.own = &key, .server = &server_key.public_key};
}

std::optional<Received> Transport::receive(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  transport::Inbound inbound;
  while (!endpoint->receive(inbound)) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::nullopt;
    endpoint->wait(-1, left.count());
  }
  return Received{
      .peer = inbound.peer,
      .identity = std::string(inbound.identity),
      .payload = {reinterpret_cast<const char*>(inbound.payload.data()), inbound.payload.size()}};
}

void Transport::answer(const transport::Peer& peer, std::string_view payload) {
  endpoint->send(peer, {reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()});
}

std::string own_identity() { return transport::uid_identity(::geteuid()); }

}  // namespace postern::tests
