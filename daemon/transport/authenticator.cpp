// Request:  version "1.0" | request id | domain | address | routing id | mechanism | credential …
// Reply:    version "1.0" | request id | status code | status text | user id | metadata
#include "daemon/transport/authenticator.h"

#include <zmq.h>

#include <array>
#include <cerrno>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/transport/identity.h"

namespace postern::transport {

namespace {

constexpr long tick_ms = 1000;

using Frames = std::vector<std::string>;

Expected<Socket> bind_handler(void* context) {
  auto socket = open_socket(context, ZMQ_REP);
  if (!socket) return socket;
  if (zmq_bind(socket->get(), "inproc://zeromq.zap.01") != 0)
    return std::unexpected(
        Failure{FailureKind::bug,
                std::string("cannot bind the authenticator: ") + zmq_strerror(zmq_errno()),
                "start one transport context for each process"});
  return socket;
}

/// All frames of the message that waits; nothing on an error.
std::optional<Frames> receive_frames(const Socket& socket) {
  Frames frames;
  zmq_msg_t message;
  zmq_msg_init(&message);
  int more = 1;
  while (more) {
    if (zmq_msg_recv(&message, socket.get(), 0) < 0) {
      if (zmq_errno() == EINTR) continue;
      zmq_msg_close(&message);
      return std::nullopt;
    }
    frames.emplace_back(static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message));
    more = zmq_msg_more(&message);
  }
  zmq_msg_close(&message);
  return frames;
}

std::optional<std::string> identity_in(const Frames& request) {
  constexpr std::size_t count_without_credential = 6;
  if (request.size() < count_without_credential || request[0] != "1.0") return std::nullopt;
  if (request.size() > count_without_credential + 1) return std::nullopt;
  const bool has_key = request.size() == count_without_credential + 1;
  return identity_of({.address = request[3],
                      .mechanism = request[5],
                      .key = has_key ? std::string_view(request[6]) : std::string_view()});
}

}  // namespace

Authenticator::Authenticator(void* context, std::function<void()> on_death)
    : context_(context), on_death_(std::move(on_death)) {}

Authenticator::~Authenticator() {
  stopping_ = true;
  waker_.wake();
  if (thread_.joinable()) thread_.join();
}

Expected<> Authenticator::start() {
  std::promise<Expected<>> bound;
  auto result = bound.get_future();
  thread_ = std::thread(&Authenticator::run, this, std::move(bound));
  return result.get();
}

void Authenticator::allow(std::set<std::string> identities) {
  const std::lock_guard lock(mutex_);
  allowed_.swap(identities);
}

bool Authenticator::is_allowed(const std::string& identity) {
  const std::lock_guard lock(mutex_);
  return allowed_.contains(identity);
}

void Authenticator::tell_denied(std::function<void(const platform::Stranger&)> tell) {
  const std::lock_guard lock(mutex_);
  tell_denied_ = std::move(tell);
}

void Authenticator::deny(const std::string& identity, const std::string& address) {
  denied_.fetch_add(1, std::memory_order_relaxed);
  const auto tell = [&] {
    const std::lock_guard lock(mutex_);
    return tell_denied_;
  }();
  // Over ipc the address is the process's and the user's, which the identity names.
  if (tell) tell({identity, identity.starts_with("uid:") ? "" : address});
}

void Authenticator::run(std::promise<Expected<>> bound) {
  try {
    const auto socket = bind_handler(context_);
    if (!socket) return bound.set_value(std::unexpected(socket.error()));
    bound.set_value({});
    serve(*socket);
  } catch (const std::exception&) {
    // What it was does not matter: without this thread nobody can be let in.
  }
  if (!stopping_) on_death_();
}

void Authenticator::serve(const Socket& socket) {
  while (!stopping_) {
    ticked_.store(true, std::memory_order_relaxed);
    std::array<zmq_pollitem_t, 2> items{
        {{socket.get(), 0, ZMQ_POLLIN, 0}, {nullptr, waker_.descriptor(), ZMQ_POLLIN, 0}}};
    if (zmq_poll(items.data(), items.size(), tick_ms) < 0 && zmq_errno() != EINTR) return;
    if ((items[0].revents & ZMQ_POLLIN) != 0 && !answer(socket)) return;
  }
}

bool Authenticator::answer(const Socket& socket) {
  const auto request = receive_frames(socket);
  if (!request) return false;
  const auto identity = identity_in(*request);
  const bool allowed = identity && is_allowed(*identity);
  if (!allowed) deny(identity.value_or(""), request->size() > 3 ? (*request)[3] : "");
  return send_frame(socket, "1.0", true) &&
         send_frame(socket, request->size() > 1 ? (*request)[1] : "", true) &&
         send_frame(socket, allowed ? "200" : "400", true) &&
         send_frame(socket, allowed ? "OK" : "not allowed", true) &&
         send_frame(socket, allowed ? *identity : "", true) && send_frame(socket, "", false);
}

}  // namespace postern::transport
