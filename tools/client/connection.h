// One DEALER socket to one address, and what is known of why it does not get through.
// Thread: the lane's. Lifetime: connects at construction, closes without lingering.
// Failure: nothing here fails for good; `trouble` says how the connection stands.
#pragma once

#include <zmq.h>

#include <utility>

#include "tools/client/gate.h"
#include "tools/client/watch.h"

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
  /// `watch` outlives it.
  Connection(void* context, const Options& options, const std::string& address, Watch& watch);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Without waiting; false if the queue to the socket is full.
  bool send(const Bytes& bytes);
  /// The next message that is there, without waiting; valid until the next call. Other than one
  /// frame: skipped.
  std::optional<std::span<const std::byte>> receive();
  /// Something may be there that the watched descriptor does not tell of: ZeroMQ's is readable
  /// once for each change, and sending takes that sign away. `receive` until there is nothing ends
  /// it.
  bool unread() const { return unread_; }
  /// Learns what became of the connection.
  void look();
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

  void monitor(void* context);
  void learn(std::uint16_t event);
  /// true if more frames follow.
  bool receive_frame(zmq_msg_t* frame, bool& received);

  Watch& watch_;
  Socket socket_;
  Socket monitor_;
  bool unread_ = true;
  std::unique_ptr<Message> inbound_ = std::make_unique<Message>();
  Trouble trouble_ = Trouble::none;
  bool reached_ = false;
  int handshakes_failed_ = 0;
  bool connected_before_ = false;
  bool renewed_ = false;
};

}  // namespace postern::client
