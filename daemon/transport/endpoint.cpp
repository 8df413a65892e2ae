// Frames: routing id | "" (a REQ's delimiter, or absent) | payload
#include "daemon/transport/endpoint.h"

#include <poll.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <exception>
#include <limits>
#include <utility>

#include "daemon/platform/require.h"
#include "daemon/transport/ipc_listener.h"
#include "daemon/transport/outgoing.h"
#include "daemon/transport/senders.h"
#include "daemon/transport/socket.h"
#include "daemon/transport/zmq_context.h"

namespace postern::transport {

namespace {

/// A peer over tcp that is gone without a word is noticed within a minute: by probes if nothing is
/// under way to it, by what it does not acknowledge otherwise. Not by heartbeats of libzmq (hard
/// fact 13). Of a peer over ipc the kernel tells.
constexpr int idle_before_probes_s = 30;
constexpr int probe_interval_s = 10;
constexpr int probes = 3;
constexpr int unacknowledged_ms = 60'000;
constexpr int backlog = 1024;
/// What CURVE adds to a payload: command name, nonce, flags, tag.
constexpr std::int64_t curve_overhead_bytes = 33;
/// So many messages from a busy socket before a quiet one is looked at.
constexpr unsigned busy_turns_max = 64;
/// Answers up to here are bounded by their number, not by their bytes: almost all are, and so is
/// whatever says that there is no room for a larger one.
constexpr std::size_t small_bytes = 1'024;
/// So many bad messages before `receive` lets its caller do something else.
constexpr int drops_max = 64;

/// Written by one thread, read by any.
class Counter {
 public:
  void add_one() { value_.store(value() + 1, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

/// One frame, its memory used again for the next.
class Frame {
 public:
  Frame() { zmq_msg_init(&message_); }
  ~Frame() { zmq_msg_close(&message_); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  bool receive(const Socket& socket) {
    const int size = zmq_msg_recv(&message_, socket.get(), ZMQ_DONTWAIT);
    size_ = size < 0 ? zmq_msg_size(&message_) : static_cast<std::size_t>(size);
    return size >= 0;
  }
  bool more() const { return zmq_msg_more(&message_) != 0; }
  std::span<std::byte> bytes() { return {static_cast<std::byte*>(zmq_msg_data(&message_)), size_}; }
  void wipe() { explicit_bzero(bytes().data(), bytes().size()); }
  const char* property(const char* name) const { return zmq_msg_gets(&message_, name); }
  zmq_msg_t& message() { return message_; }

 private:
  mutable zmq_msg_t message_{};
  std::size_t size_ = 0;
};

/// One of the endpoint's sockets.
struct Door {
  Socket socket;
  /// Readable when libzmq has something to tell; edge-triggered.
  int descriptor = -1;
  /// Nothing was there when last asked, and nothing has touched the socket since.
  bool quiet = false;
};

/// Without a call of the C library for those that libzmq draws.
bool is_same_id(std::string_view left, std::string_view right) {
  constexpr std::size_t drawn_bytes = Senders::drawn_bytes;
  if (left.size() != drawn_bytes || right.size() != drawn_bytes) return left == right;
  return std::memcmp(left.data(), right.data(), drawn_bytes) == 0;
}

Failure cannot_bind(const std::string& name, const std::string& address, int error) {
  const std::string sentence =
      "cannot listen on " + printable(address, 200) + " (" + name + "): " + zmq_strerror(error);
  switch (error) {
    case EADDRINUSE:
      return {FailureKind::in_use, sentence,
              "stop the program that has it (ss -ltnp shows it), or choose another address"};
    case EACCES:
    case EPERM:
      return {FailureKind::not_permitted, sentence,
              "choose ports above 1023, or give the daemon the right to those below (in a unit: "
              "AmbientCapabilities=CAP_NET_BIND_SERVICE, and the same in CapabilityBoundingSet=)"};
    case EAFNOSUPPORT:
      return {FailureKind::not_permitted, sentence,
              "this process may not open such sockets: in a unit, RestrictAddressFamilies= needs "
              "AF_INET and AF_INET6"};
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
      return {FailureKind::input_output, sentence, "raise the limits of this process"};
    default:
      return {FailureKind::configuration, sentence,
              "write tcp://ADDRESS:PORT with a numeric address of this machine"};
  }
}

/// A ROUTER with every option set, bound to nothing yet.
Expected<Door> make_door(void* context, const EndpointOptions& options,
                         std::span<const std::byte> curve_secret) {
  auto socket = open_socket(context, ZMQ_ROUTER);
  if (!socket) return std::unexpected(socket.error());
  const std::int64_t overhead = curve_secret.empty() ? 0 : curve_overhead_bytes;
  const std::int64_t bytes_max = options.message_bytes_max + overhead;
  const auto prepared =
      set_options(*socket, {{ZMQ_HANDSHAKE_IVL, options.handshake_ms},
                            {ZMQ_TCP_KEEPALIVE, 1},
                            {ZMQ_TCP_KEEPALIVE_IDLE, idle_before_probes_s},
                            {ZMQ_TCP_KEEPALIVE_INTVL, probe_interval_s},
                            {ZMQ_TCP_KEEPALIVE_CNT, probes},
                            {ZMQ_TCP_MAXRT, unacknowledged_ms},
                            {ZMQ_RCVHWM, options.high_water_mark},
                            {ZMQ_SNDHWM, options.answers_max},
                            {ZMQ_ROUTER_MANDATORY, 1},
                            {ZMQ_ROUTER_HANDOVER, 0},
                            {ZMQ_LINGER, options.linger_ms},
                            {ZMQ_BACKLOG, backlog},
                            {ZMQ_MAXMSGSIZE, std::as_bytes(std::span(&bytes_max, 1))},
                            {ZMQ_AFFINITY, std::as_bytes(std::span(&options.affinity, 1))}});
  if (!prepared) return std::unexpected(prepared.error());
  if (auto guarded = guard(*socket, curve_secret); !guarded)
    return std::unexpected(guarded.error());
  Door door{.socket = *std::move(socket)};
  std::size_t size = sizeof door.descriptor;
  require(zmq_getsockopt(door.socket.get(), ZMQ_FD, &door.descriptor, &size) == 0);
  return door;
}

/// libzmq takes 99999 for 34463 and 12x for 12.
bool ends_with_port(std::string_view address) {
  const auto text = address.substr(address.rfind(':') + 1);
  std::uint16_t port = 0;
  const auto [stopped, error] = std::from_chars(text.begin(), text.end(), port);
  return text == "*" || (error == std::errc{} && stopped == text.end());
}

Expected<std::string> bind_tcp(const Socket& socket, const std::string& name,
                               const std::string& address) {
  // Nothing but tcp carries CURVE here: another scheme would be a door without a lock.
  if (!address.starts_with("tcp://") || !ends_with_port(address))
    return std::unexpected(cannot_bind(name, address, EINVAL));
  // With IPv6 on, libzmq would turn an IPv4 address into a mapped one.
  const bool is_ipv6 = address.contains('[');
  if (auto set = set_options(socket, {{ZMQ_IPV6, is_ipv6}}); !set)
    return std::unexpected(set.error());
  if (zmq_bind(socket.get(), address.c_str()) != 0)
    return std::unexpected(cannot_bind(name, address, zmq_errno()));
  return last_address(socket);
}

class ZmqEndpoint final : public Endpoint {
 public:
  explicit ZmqEndpoint(const EndpointOptions& options)
      : wipes_sent_(options.wipes_sent), outgoing_(options.answer_bytes_max) {}

  Expected<> bind(void* context, const EndpointOptions& options);

  bool receive(Inbound& inbound) override;
  bool has_room(const Peer& peer, std::size_t bytes, std::size_t owed) override;
  void send(const Peer& peer, std::span<const std::uint8_t> payload) override;
  bool wait(int descriptor, std::int64_t timeout_ms) override;
  EndpointCounters counters() const override;
  std::vector<std::string> addresses() const override { return addresses_; }

 private:
  enum class ReceiveResult { message, bad_message, nothing };

  Expected<> bind_tcp_door(void* context, const EndpointOptions& options);
  Expected<> bind_ipc_door(void* context, const EndpointOptions& options);
  ReceiveResult take(std::uint8_t index, Inbound& inbound);
  bool take_payload(const Socket& socket, Inbound& inbound);
  bool ask_for_sender(Inbound& inbound);
  void drop_rest(const Socket& socket);

  bool send_id(Door& door, const Peer& peer);

  bool wipes_sent_;
  Outgoing outgoing_;
  std::vector<std::string> addresses_;
  /// Outlives the doors: its file goes last.
  std::optional<IpcListener> listener_;
  std::vector<Door> doors_;
  std::uint8_t turn_ = 0;
  unsigned busy_turns_ = 0;
  Frame routing_id_;
  Frame payload_;
  Senders senders_;
  /// Of the last message, whose routing id is still in its frame, and where that came in; null:
  /// not known, or sent back.
  const Sender* last_sender_ = nullptr;
  std::uint8_t last_socket_ = 0;
  Counter received_;
  Counter dropped_in_;
  Counter dropped_out_;
};

Expected<> ZmqEndpoint::bind(void* context, const EndpointOptions& options) {
  if (auto bound = bind_tcp_door(context, options); !bound) return bound;
  return bind_ipc_door(context, options);
}

Expected<> ZmqEndpoint::bind_tcp_door(void* context, const EndpointOptions& options) {
  if (options.tcp.empty()) return {};
  if (options.curve_secret.size() != 32)
    return std::unexpected(Failure{FailureKind::configuration,
                                   "the server's CURVE key for " + options.name + " is missing",
                                   "make one with posternd rotate-server-key"});
  auto door = make_door(context, options, options.curve_secret);
  if (!door) return std::unexpected(door.error());
  for (const auto& address : options.tcp) {
    auto bound = bind_tcp(door->socket, options.name, address);
    if (!bound) return std::unexpected(bound.error());
    addresses_.push_back(*std::move(bound));
  }
  doors_.push_back(*std::move(door));
  return {};
}

Expected<> ZmqEndpoint::bind_ipc_door(void* context, const EndpointOptions& options) {
  if (!options.ipc) return {};
  auto door = make_door(context, options, {});
  if (!door) return std::unexpected(door.error());
  auto listener = IpcListener::listen(*options.ipc, {options.ipc_group, options.ipc_mode});
  if (!listener) return std::unexpected(listener.error());
  const std::string address = "ipc://" + options.ipc->native();
  const int descriptor = listener->descriptor();
  if (auto set = set_options(door->socket, {{ZMQ_USE_FD, descriptor}}); !set) return set;
  if (zmq_bind(door->socket.get(), address.c_str()) != 0)
    return std::unexpected(cannot_bind(options.name, address, zmq_errno()));
  listener->hand_over();
  listener_.emplace(*std::move(listener));
  addresses_.push_back(address);
  doors_.push_back(*std::move(door));
  return {};
}

bool ZmqEndpoint::receive(Inbound& inbound) {
  if (++busy_turns_ >= busy_turns_max) {
    busy_turns_ = 0;
    for (auto& door : doors_) door.quiet = false;
  }
  const auto count = static_cast<std::uint8_t>(doors_.size());
  int drops = 0;
  for (std::uint8_t looked = 0; looked < count && drops < drops_max;) {
    turn_ = static_cast<std::uint8_t>((turn_ + 1) % count);
    const ReceiveResult taken = doors_[turn_].quiet ? ReceiveResult::nothing : take(turn_, inbound);
    if (taken == ReceiveResult::message) return true;
    if (taken == ReceiveResult::nothing) {
      doors_[turn_].quiet = true;
      ++looked;
    } else {
      dropped_in_.add_one();
      ++drops;
      looked = 0;
    }
  }
  return false;
}

ZmqEndpoint::ReceiveResult ZmqEndpoint::take(std::uint8_t index, Inbound& inbound) {
  const Socket& socket = doors_[index].socket;
  last_sender_ = nullptr;
  if (!routing_id_.receive(socket)) return ReceiveResult::nothing;
  senders_.wipe_behind(routing_id_.message());
  if (!take_payload(socket, inbound)) {
    drop_rest(socket);
    return ReceiveResult::bad_message;
  }
  inbound.peer.socket = last_socket_ = index;
  inbound.payload = payload_.bytes();
  received_.add_one();
  return ReceiveResult::message;
}

/// The payload frame and who sent it, if the message has the one right form. Behind a routing id
/// there always is more.
bool ZmqEndpoint::take_payload(const Socket& socket, Inbound& inbound) {
  if (!payload_.receive(socket)) return false;
  bool more = payload_.more();
  inbound.peer.delimiter = more && payload_.bytes().empty();
  if (inbound.peer.delimiter) {
    if (!payload_.receive(socket)) return false;
    more = payload_.more();
  }
  if (more) return false;
  if (const Sender* sender = senders_.find(payload_.message())) {
    // Mostly it is whoever sent the message before.
    if (!is_same_id(inbound.peer.routing_id, sender->routing_id))
      inbound.peer.routing_id = sender->routing_id;
    inbound.identity = sender->identity;
    last_sender_ = sender;
    return true;
  }
  return ask_for_sender(inbound);
}

/// Whom libzmq names, for the first message of a connection.
bool ZmqEndpoint::ask_for_sender(Inbound& inbound) {
  const auto id = routing_id_.bytes();
  inbound.peer.routing_id.assign(reinterpret_cast<const char*>(id.data()), id.size());
  // The first frame's properties are lost after a poll (hard fact 10).
  const char* identity = payload_.property("User-Id");
  inbound.identity = identity ? identity : "";
  if (inbound.identity.empty()) return false;
  senders_.learn(routing_id_.message(), payload_.message(), inbound.identity);
  return true;
}

/// Nobody will see these frames, so nobody else wipes the secrets that may be in them.
void ZmqEndpoint::drop_rest(const Socket& socket) {
  payload_.wipe();
  while (payload_.more() && payload_.receive(socket)) payload_.wipe();
}

bool ZmqEndpoint::has_room(const Peer& peer, std::size_t bytes, std::size_t owed) {
  return bytes <= small_bytes || outgoing_.has_room(peer, bytes, owed);
}

void ZmqEndpoint::send(const Peer& peer, std::span<const std::uint8_t> payload) {
  require(peer.socket < doors_.size());
  Door& door = doors_[peer.socket];
  void* socket = door.socket.get();
  zmq_msg_t kept;
  const bool is_kept = wipes_sent_ || payload.size() > small_bytes;
  if (!has_room(peer, payload.size(), 0)) return dropped_out_.add_one();
  if (is_kept) outgoing_.make(kept, peer, payload, wipes_sent_);
  const bool sent = send_id(door, peer) &&
                    (!peer.delimiter || zmq_send(socket, "", 0, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0) &&
                    (is_kept ? zmq_msg_send(&kept, socket, ZMQ_DONTWAIT)
                             : zmq_send(socket, payload.data(), payload.size(), ZMQ_DONTWAIT)) >= 0;
  if (sent) return;
  if (is_kept) zmq_msg_close(&kept);
  dropped_out_.add_one();
}

/// The first frame, which says to whom.
bool ZmqEndpoint::send_id(Door& door, const Peer& peer) {
  constexpr int first = ZMQ_DONTWAIT | ZMQ_SNDMORE;
  void* socket = door.socket.get();
  // libzmq may hear of new messages while it sends, and then its descriptor stays silent.
  door.quiet = false;
  if (last_sender_ != nullptr && peer.socket == last_socket_ &&
      is_same_id(peer.routing_id, last_sender_->routing_id)) {
    // Who is answered before the next message gets its own frame back.
    last_sender_ = nullptr;
    if (zmq_msg_send(&routing_id_.message(), socket, first) >= 0) return true;
  } else if (zmq_send(socket, peer.routing_id.data(), peer.routing_id.size(), first) >= 0) {
    return true;
  }
  if (zmq_errno() != EAGAIN) return false;
  // Full, as far as libzmq has heard. Asking for its events makes it hear what the peer has read.
  int events = 0;
  std::size_t size = sizeof events;
  zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size);
  return zmq_send(socket, peer.routing_id.data(), peer.routing_id.size(), first) >= 0;
}

bool ZmqEndpoint::wait(int descriptor, std::int64_t timeout_ms) {
  const auto is_quiet = [](const Door& door) { return door.quiet; };
  if (!std::ranges::all_of(doors_, is_quiet)) return false;
  std::array<pollfd, 3> items{};
  items[0] = {descriptor, POLLIN, 0};
  for (std::size_t i = 0; i < doors_.size(); ++i) items[i + 1] = {doors_[i].descriptor, POLLIN, 0};
  constexpr std::int64_t longest = std::numeric_limits<int>::max();
  const auto timeout = static_cast<int>(std::clamp<std::int64_t>(timeout_ms, -1, longest));
  // An interrupted wait is a wait that returned early.
  if (::poll(items.data(), doors_.size() + 1, timeout) <= 0) return false;
  for (std::size_t i = 0; i < doors_.size(); ++i)
    if (items[i + 1].revents != 0) doors_[i].quiet = false;
  return items[0].revents != 0;
}

EndpointCounters ZmqEndpoint::counters() const {
  return {.received = received_.value(),
          .dropped_in = dropped_in_.value(),
          .dropped_out = dropped_out_.value()};
}

}  // namespace

Expected<std::unique_ptr<Endpoint>> Endpoint::bind(Context& context,
                                                   const EndpointOptions& options) {
  void* handle = static_cast<ZmqContext&>(context).handle();
  try {
    auto endpoint = std::make_unique<ZmqEndpoint>(options);
    if (auto bound = endpoint->bind(handle, options); !bound) return std::unexpected(bound.error());
    return endpoint;
  } catch (const std::exception& error) {
    return std::unexpected(Failure{FailureKind::input_output,
                                   "cannot open the endpoint " + options.name + ": " + error.what(),
                                   "check the limits on memory"});
  }
}

}  // namespace postern::transport
