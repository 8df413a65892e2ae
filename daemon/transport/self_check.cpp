#include "daemon/transport/self_check.h"

#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "daemon/platform/require.h"
#include "daemon/transport/identity.h"
#include "daemon/transport/socket.h"

namespace postern::transport {

namespace {

/// A busy machine answers late, which says nothing of its locks; only what never answers takes this
/// long. Within it the manager does not lose patience (TimeoutStartSec=).
constexpr long patience_ms = 120'000;

Failure broken(const std::string& how) {
  return {FailureKind::configuration, "the self-check of the locks failed: " + how,
          "do not run this; install the libzmq this was built for (Debian: libzmq5)"};
}

std::unexpected<Failure> cannot(const std::string& what) {
  return std::unexpected(broken("cannot " + what + ": " + zmq_strerror(zmq_errno())));
}

/// Made for the check, and forgotten.
struct KeyPair {
  std::array<std::byte, 32> public_key{};
  std::array<std::byte, 32> secret_key{};
};

KeyPair make_key_pair() {
  std::array<char, 41> public_text{};
  std::array<char, 41> secret_text{};
  require(zmq_curve_keypair(public_text.data(), secret_text.data()) == 0);
  KeyPair pair;
  zmq_z85_decode(reinterpret_cast<std::uint8_t*>(pair.public_key.data()), public_text.data());
  zmq_z85_decode(reinterpret_cast<std::uint8_t*>(pair.secret_key.data()), secret_text.data());
  return pair;
}

struct Event {
  std::uint16_t what = 0;
  std::uint32_t value = 0;
};

/// Hears what the handshakes of a socket come to (zmq_socket_monitor).
class Watch {
 public:
  explicit Watch(const Socket& watched) : watched_(watched) {}
  /// Stops the events before their receiver goes: libzmq's I/O thread would wait for ever to hand
  /// over one that nobody receives.
  ~Watch() { zmq_socket_monitor(watched_.get(), nullptr, 0); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  Expected<> start(void* context, const std::string& address);
  /// The first thing that a handshake comes to.
  Expected<Event> outcome() const;

 private:
  const Socket& watched_;
  Socket receiver_;
};

Expected<> Watch::start(void* context, const std::string& address) {
  constexpr int outcomes = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                           ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                           ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
  auto receiver = open_socket(context, ZMQ_PAIR);
  if (!receiver) return std::unexpected(receiver.error());
  receiver_ = *std::move(receiver);
  if (zmq_socket_monitor(watched_.get(), address.c_str(), outcomes) != 0 ||
      zmq_connect(receiver_.get(), address.c_str()) != 0)
    return cannot("watch a socket");
  return {};
}

Expected<Event> Watch::outcome() const {
  zmq_pollitem_t item{receiver_.get(), 0, ZMQ_POLLIN, 0};
  int ready = 0;
  do ready = zmq_poll(&item, 1, patience_ms);
  while (ready < 0 && zmq_errno() == EINTR);
  if (ready < 0) return cannot("wait for the handshake");
  if (ready == 0) return std::unexpected(broken("no answer to a handshake"));
  std::array<char, sizeof(std::uint16_t) + sizeof(std::uint32_t)> frame{};
  const int size = zmq_recv(receiver_.get(), frame.data(), frame.size(), ZMQ_DONTWAIT);
  if (size != static_cast<int>(frame.size())) return cannot("read the handshake's outcome");
  Event event;
  std::memcpy(&event.what, frame.data(), sizeof event.what);
  std::memcpy(&event.value, frame.data() + sizeof event.what, sizeof event.value);
  return event;
}

/// The knocker tries once: a denied peer that came again would be counted again. No handshake is
/// broken off for its time: that would be an outcome, and none that says anything.
Expected<> prepare(const Socket& socket, const Socket& knocker, const KeyPair& stranger,
                   const KeyPair* server) {
  for (const Socket* end : {&socket, &knocker})
    if (auto patient = set_options(*end, {{ZMQ_HANDSHAKE_IVL, 0}}); !patient) return patient;
  if (auto once = set_options(knocker, {{ZMQ_RECONNECT_IVL, -1}}); !once) return once;
  if (!server) return guard(socket, {});
  const auto knows_server = set_options(knocker, {{ZMQ_CURVE_SERVERKEY, server->public_key},
                                                  {ZMQ_CURVE_PUBLICKEY, stranger.public_key},
                                                  {ZMQ_CURVE_SECRETKEY, stranger.secret_key}});
  return knows_server ? guard(socket, server->secret_key) : knows_server;
}

/// Knocks with a key, or over NULL without, and asks what came of it.
/// CURVE is tried over ipc as well: a unit without tcp must be able to start.
Expected<> confirm(void* context, const KeyPair* server, const std::string& name) {
  const KeyPair stranger = make_key_pair();
  const auto socket = open_socket(context, ZMQ_ROUTER);
  if (!socket) return std::unexpected(socket.error());
  const auto knocker = open_socket(context, ZMQ_DEALER);
  if (!knocker) return std::unexpected(knocker.error());
  if (auto ready = prepare(*socket, *knocker, stranger, server); !ready) return ready;
  const std::string unique = curve_identity(stranger.public_key).substr(6, 32);
  Watch watch(*socket);
  if (auto started = watch.start(context, "inproc://" + unique); !started) return started;

  const std::string address = "ipc://@postern-" + unique;
  if (zmq_bind(socket->get(), address.c_str()) != 0) return cannot("bind " + address);
  if (zmq_connect(knocker->get(), address.c_str()) != 0) return cannot("connect to " + address);
  const auto event = watch.outcome();
  if (!event) return std::unexpected(event.error());
  if (event->what != ZMQ_EVENT_HANDSHAKE_FAILED_AUTH || event->value != 400)
    return std::unexpected(broken("a stranger over " + name + " met event " +
                                  std::to_string(event->what) + " with value " +
                                  std::to_string(event->value) + " instead of a denial"));
  return {};
}

}  // namespace

Expected<> confirm_strangers_are_denied(void* context) {
  const KeyPair server = make_key_pair();
  if (auto closed = confirm(context, &server, "CURVE"); !closed) return closed;
  return confirm(context, nullptr, "NULL");
}

}  // namespace postern::transport
