// One DEALER socket to one address, and what is known of why it does not get through.
// Thread: the lane's. Lifetime: connects at construction, closes without lingering.
// Failure: nothing here fails for good; `trouble` says how the connection stands.
#pragma once

#include <zmq.h>

#include <utility>

#include "tools/client/gate.h"

namespace postern::client {

/// The process's ZeroMQ context, made with the first client and ended with the last.
std::shared_ptr<void> shared_context();

enum class Trouble {
  none,
  /// Nobody listens there.
  refused,
  /// The daemon said no to this key or uid: ZeroMQ does not try again on this socket.
  denied,
  /// The handshake broke off: most often a server key that does not fit.
  handshake,
  /// It was connected and is no more; ZeroMQ connects again by itself.
  lost,
};

class Connection {
 public:
  Connection(void* context, const Options& options, const std::string& address);
  /// Stops the events before their receiver goes: ZeroMQ's I/O thread, which all clients of the
  /// process share, would wait for ever to hand over one that nobody receives.
  ~Connection() { ::zmq_socket_monitor(socket_.get(), nullptr, 0); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Without waiting; false if the queue to the socket is full.
  bool send(const Bytes& bytes);
  /// The next message that is there, without waiting; valid until the next call. Other than one
  /// frame: skipped.
  std::optional<std::span<const std::byte>> receive();
  /// Until a message may be there, the trouble changes, or the time is over.
  void wait(std::chrono::milliseconds time);
  Trouble trouble() const { return trouble_; }
  /// It was lost and stands again since the last call.
  bool renewed() { return std::exchange(renewed_, false); }

 private:
  struct Closer {
    void operator()(void* socket) const { ::zmq_close(socket); }
  };
  using Socket = std::unique_ptr<void, Closer>;
  struct Message {
    Message() { ::zmq_msg_init(&message); }
    ~Message() { ::zmq_msg_close(&message); }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;
    zmq_msg_t message;
  };

  void watch(void* context);
  void read_monitor();
  /// true if more frames follow.
  bool receive_frame(zmq_msg_t* frame, bool& received);

  Socket socket_;
  Socket monitor_;
  std::unique_ptr<Message> inbound_ = std::make_unique<Message>();
  Trouble trouble_ = Trouble::none;
  bool reached_ = false;
  int handshakes_failed_ = 0;
  bool connected_before_ = false;
  bool renewed_ = false;
};

}  // namespace postern::client
