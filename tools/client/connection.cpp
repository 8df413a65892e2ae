#include "tools/client/connection.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

namespace postern::client {
namespace {

// Hard limits and timers of the socket, see the protocol manual (schema/README.md).
constexpr int handshake_ms = 5'000;
/// A daemon's machine that is gone without a word is noticed within a minute. Not by libzmq's
/// heartbeats: in 4.3.4 one that is due while answers wait unread ends the process.
constexpr int idle_before_probes_s = 30;
constexpr int probe_interval_s = 10;
constexpr int probes = 3;
constexpr int unacknowledged_ms = 60'000;
constexpr int reconnect_ms = 100;
constexpr int reconnect_ms_max = 2'000;

template <class Value>
void set(void* socket, int option, Value value) {
  ::zmq_setsockopt(socket, option, &value, sizeof value);
}

void set_key(void* socket, int option, const Key& key) {
  ::zmq_setsockopt(socket, option, key.data(), key.size());
}

int descriptor_of(void* socket) {
  int descriptor = -1;
  std::size_t size = sizeof descriptor;
  ::zmq_getsockopt(socket, ZMQ_FD, &descriptor, &size);
  return descriptor;
}

/// Called by ZeroMQ's own thread when it needs the bytes no more.
void let_go(void*, void* owner) { delete static_cast<Bytes*>(owner); }

}  // namespace

std::shared_ptr<void> shared_context() {
  static std::mutex mutex;
  static std::weak_ptr<void> known;
  const std::lock_guard lock(mutex);
  auto context = known.lock();
  if (!context) {
    void* made = ::zmq_ctx_new();
    ::zmq_ctx_set(made, ZMQ_BLOCKY, 0);
    context = std::shared_ptr<void>(made, [](void* ended) { ::zmq_ctx_term(ended); });
    known = context;
  }
  return context;
}

Connection::Connection(void* context, const Options& options, const std::string& address,
                       Watch& watch)
    : watch_(watch), socket_(::zmq_socket(context, ZMQ_DEALER)) {
  void* socket = socket_.get();
  // A hair above the lane's own bound, so that a send within it never meets a full queue.
  const int high_water_mark = static_cast<int>(options.in_flight_max) + 16;
  set(socket, ZMQ_SNDHWM, high_water_mark);
  set(socket, ZMQ_RCVHWM, high_water_mark);
  set(socket, ZMQ_LINGER, 0);
  set(socket, ZMQ_MAXMSGSIZE, static_cast<std::int64_t>(answer_bytes_max));
  set(socket, ZMQ_HANDSHAKE_IVL, handshake_ms);
  set(socket, ZMQ_TCP_KEEPALIVE, 1);
  set(socket, ZMQ_TCP_KEEPALIVE_IDLE, idle_before_probes_s);
  set(socket, ZMQ_TCP_KEEPALIVE_INTVL, probe_interval_s);
  set(socket, ZMQ_TCP_KEEPALIVE_CNT, probes);
  set(socket, ZMQ_TCP_MAXRT, unacknowledged_ms);
  set(socket, ZMQ_RECONNECT_IVL, reconnect_ms);
  set(socket, ZMQ_RECONNECT_IVL_MAX, reconnect_ms_max);
  set(socket, ZMQ_IPV6, 1);
  if (address.starts_with("tcp://")) {
    set_key(socket, ZMQ_CURVE_SERVERKEY, *options.server_key);
    set_key(socket, ZMQ_CURVE_PUBLICKEY, options.keys->public_key);
    set_key(socket, ZMQ_CURVE_SECRETKEY, options.keys->secret_key);
  }
  monitor(context);
  watch_.add(descriptor_of(socket));
  watch_.add(descriptor_of(monitor_.get()));
  if (::zmq_connect(socket, address.c_str()) != 0) trouble_ = Trouble::refused;
}

Connection::~Connection() {
  watch_.remove(descriptor_of(socket_.get()));
  watch_.remove(descriptor_of(monitor_.get()));
  // Stops the events before their receiver goes: ZeroMQ's I/O thread, which all clients of the
  // process share, would wait for ever to hand over one that nobody receives.
  ::zmq_socket_monitor(socket_.get(), nullptr, 0);
}

void Connection::monitor(void* context) {
  static std::atomic<std::uint64_t> count{0};
  const std::string name = "inproc://postern-client-" + std::to_string(++count);
  constexpr int watched = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_DISCONNECTED |
                          ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                          ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                          ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
  ::zmq_socket_monitor(socket_.get(), name.c_str(), watched);
  monitor_.reset(::zmq_socket(context, ZMQ_PAIR));
  set(monitor_.get(), ZMQ_LINGER, 0);
  ::zmq_connect(monitor_.get(), name.c_str());
}

bool Connection::send(const Bytes& bytes) {
  zmq_msg_t message;
  auto* owner = new Bytes(bytes);
  // ZeroMQ only reads what it sends.
  auto* data = const_cast<std::uint8_t*>(bytes->data());
  ::zmq_msg_init_data(&message, data, bytes->size(), let_go, owner);
  unread_ = true;
  if (::zmq_msg_send(&message, socket_.get(), ZMQ_DONTWAIT) >= 0) return true;
  ::zmq_msg_close(&message);
  return false;
}

bool Connection::receive_frame(zmq_msg_t* frame, bool& received) {
  received = ::zmq_msg_recv(frame, socket_.get(), ZMQ_DONTWAIT) >= 0;
  return received && ::zmq_msg_more(frame) != 0;
}

std::optional<std::span<const std::byte>> Connection::receive() {
  for (;;) {
    zmq_msg_t* frame = &inbound_->message;
    bool received = false;
    bool more = receive_frame(frame, received);
    if (!received) {
      unread_ = false;
      return std::nullopt;
    }
    if (!more)
      return std::span(static_cast<const std::byte*>(::zmq_msg_data(frame)), ::zmq_msg_size(frame));
    while (more) more = receive_frame(frame, received);
  }
}

void Connection::look() {
  // First frame: event number (16 bits) and value (32); second: the address.
  char first[6];
  char address[256];
  while (::zmq_recv(monitor_.get(), first, sizeof first, ZMQ_DONTWAIT) >= 0) {
    ::zmq_recv(monitor_.get(), address, sizeof address, ZMQ_DONTWAIT);
    std::uint16_t event = 0;
    std::memcpy(&event, first, sizeof event);
    learn(event);
  }
}

void Connection::learn(std::uint16_t event) {
  if (event == ZMQ_EVENT_CONNECTED) reached_ = true;
  // A retry follows every end of a connection; without one there was nobody.
  if (event == ZMQ_EVENT_CONNECT_RETRIED && !std::exchange(reached_, false) &&
      (trouble_ == Trouble::none || trouble_ == Trouble::lost))
    trouble_ = Trouble::refused;
  if (event == ZMQ_EVENT_DISCONNECTED && trouble_ == Trouble::none) trouble_ = Trouble::lost;
  if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
    trouble_ = Trouble::none;
    handshakes_failed_ = 0;
    renewed_ = std::exchange(connected_before_, true);
  }
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) trouble_ = Trouble::denied;
  // Once: a daemon that is just stopping does that too.
  if ((event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL ||
       event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) &&
      ++handshakes_failed_ > 1)
    trouble_ = Trouble::handshake;
}

}  // namespace postern::client
