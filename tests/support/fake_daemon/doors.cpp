#include "tests/support/fake_daemon/doors.h"

#include <zmq.h>

#include <stdexcept>
#include <utility>

namespace postern::support {
namespace {

std::vector<std::string> receive_frames(void* socket) {
  std::vector<std::string> frames;
  bool more = true;
  while (more) {
    zmq_msg_t frame;
    ::zmq_msg_init(&frame);
    ::zmq_msg_recv(&frame, socket, 0);
    frames.emplace_back(static_cast<const char*>(::zmq_msg_data(&frame)), ::zmq_msg_size(&frame));
    more = ::zmq_msg_more(&frame) != 0;
    ::zmq_msg_close(&frame);
  }
  return frames;
}

void send_frames(void* socket, const std::vector<std::string>& frames) {
  for (std::size_t part = 0; part < frames.size(); ++part)
    ::zmq_send(socket, frames[part].data(), frames[part].size(),
               part + 1 < frames.size() ? ZMQ_SNDMORE : 0);
}

}  // namespace

void Doors::open() {
  context_ = ::zmq_ctx_new();
  if (curve) {
    authenticator_ = ::zmq_socket(context_, ZMQ_ROUTER);
    ::zmq_bind(authenticator_, "inproc://zeromq.zap.01");
  }
  for (std::string& address : addresses) {
    void* socket = sockets_.emplace_back(::zmq_socket(context_, ZMQ_ROUTER));
    if (curve) {
      const int server = 1;
      ::zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &server, sizeof server);
      ::zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys.secret_key.data(), 32);
      ::zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "postern", 7);
    }
    if (::zmq_bind(socket, address.c_str()) != 0)
      throw std::runtime_error("cannot bind " + address);
    char bound[256];
    std::size_t size = sizeof bound;
    ::zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound, &size);
    address = bound;
  }
}

void Doors::close(std::chrono::milliseconds linger) {
  if (context_ == nullptr) return;
  const int linger_ms = static_cast<int>(linger.count());
  for (void* socket : sockets_) {
    ::zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    ::zmq_close(socket);
  }
  sockets_.clear();
  if (authenticator_ != nullptr) ::zmq_close(std::exchange(authenticator_, nullptr));
  ::zmq_ctx_term(std::exchange(context_, nullptr));
}

std::optional<Arrival> Doors::receive(std::chrono::milliseconds wait, int descriptor) {
  std::vector<zmq_pollitem_t> items;
  for (void* socket : sockets_) items.push_back({socket, 0, ZMQ_POLLIN, 0});
  if (authenticator_ != nullptr) items.push_back({authenticator_, 0, ZMQ_POLLIN, 0});
  if (descriptor >= 0) items.push_back({nullptr, descriptor, ZMQ_POLLIN, 0});
  ::zmq_poll(items.data(), static_cast<int>(items.size()), wait.count());
  if (authenticator_ != nullptr && items[sockets_.size()].revents != 0) {
    // Identity, empty, version, request id, and what it is judged by.
    const auto request = receive_frames(authenticator_);
    if (!admits) ++denials_;
    send_frames(authenticator_, {request.at(0), "", "1.0", request.at(3), admits ? "200" : "400",
                                 admits ? "" : "no", "", ""});
  }
  for (std::size_t index = 0; index < sockets_.size(); ++index) {
    if (items[index].revents == 0) continue;
    Arrival arrival{Door(index), receive_frames(sockets_[index]), {}};
    arrival.bytes = std::move(arrival.envelope.back());
    arrival.envelope.pop_back();
    return arrival;
  }
  return std::nullopt;
}

void Doors::answer(const Arrival& arrival, const std::string& bytes) {
  auto frames = arrival.envelope;
  frames.push_back(bytes);
  send_frames(sockets_[std::size_t(arrival.door)], frames);
}

}  // namespace postern::support
