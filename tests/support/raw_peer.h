// A bare DEALER on one of the daemon's ipc sockets: sends any bytes at all.
#pragma once

#include <zmq.h>

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace postern::support {

class RawPeer {
 public:
  using Bytes = std::vector<std::uint8_t>;

  explicit RawPeer(const std::string& address)
      : context_(::zmq_ctx_new()), socket_(::zmq_socket(context_, ZMQ_DEALER)) {
    const int none = 0;
    ::zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof none);
    BOOST_REQUIRE(::zmq_connect(socket_, address.c_str()) == 0);
  }
  ~RawPeer() {
    ::zmq_close(socket_);
    ::zmq_ctx_term(context_);
  }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;
  void* socket() { return socket_; }

  void send(const std::vector<Bytes>& frames) {
    for (std::size_t index = 0; index < frames.size(); ++index)
      BOOST_REQUIRE(::zmq_send(socket_, frames[index].data(), frames[index].size(),
                               index + 1 < frames.size() ? ZMQ_SNDMORE : 0) >= 0);
  }
  /// Empty if nothing came in that time.
  Bytes receive(int wait_ms = 120'000) {
    ::zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    Bytes bytes(4'194'304);
    const int size = ::zmq_recv(socket_, bytes.data(), bytes.size(), 0);
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
  }

  /// Sends what makes the daemon close the connection, and waits until it has.
  void send_and_be_closed(const Bytes& frame) {
    const char* address = "inproc://monitor";
    BOOST_REQUIRE(::zmq_socket_monitor(socket_, address, ZMQ_EVENT_DISCONNECTED) == 0);
    void* monitor = ::zmq_socket(context_, ZMQ_PAIR);
    const int wait_ms = 120'000;
    ::zmq_setsockopt(monitor, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    BOOST_REQUIRE(::zmq_connect(monitor, address) == 0);
    send({frame});
    char event[16];
    BOOST_TEST(::zmq_recv(monitor, event, sizeof event, 0) > 0);
    // An event that nobody receives would hold ZeroMQ's I/O thread for ever.
    ::zmq_socket_monitor(socket_, nullptr, 0);
    ::zmq_close(monitor);
  }

 private:
  void* context_;
  void* socket_;
};

}  // namespace postern::support
