// Who is at the other end of the connections whose messages came last, so that libzmq is not asked
// for each message. Private to this folder.
#pragma once

#include <zmq.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace postern::transport {

struct Sender {
  /// As libzmq tells it of each of its messages.
  std::string routing_id;
  /// Lies in the properties that are kept.
  std::string_view identity;
};

/// Owned by one thread. Every message of a connection points to that connection's properties, and
/// of those of each sender one message is kept: so as long as it is known here no other connection
/// has them at that place. Where the running libzmq is not the one whose messages are known to
/// begin with that pointer, nobody is known.
class Senders {
 public:
  Senders();
  ~Senders();
  Senders(const Senders&) = delete;
  Senders& operator=(const Senders&) = delete;

  /// Of a message's payload, until the next is learnt; null: not known.
  const Sender* find(const zmq_msg_t& payload) const {
    const void* const properties = properties_of(payload);
    const Known& known = known_[place_of(properties)];
    return properties == known.properties && properties != nullptr ? &known.sender : nullptr;
  }
  /// Told by libzmq of this message; `identity` lies in its properties. Keeps the routing id's
  /// frame, if it has them too and libzmq drew it.
  void learn(zmq_msg_t& routing_id, const zmq_msg_t& payload, std::string_view identity);

  /// As libzmq draws them.
  static constexpr std::size_t drawn_bytes = 5;
  /// libzmq receives a payload into the frame of its routing id first: of a short one, which lies
  /// in the frame itself, all but the first bytes would stay there, and in each copy of it.
  void wipe_behind(zmq_msg_t& routing_id) const {
    constexpr std::size_t within = 33;
    if (!is_usable_ || zmq_msg_size(&routing_id) != drawn_bytes) return;
    std::memset(static_cast<std::byte*>(zmq_msg_data(&routing_id)) + drawn_bytes, 0,
                within - drawn_bytes);
  }

 private:
  struct Known {
    const void* properties = nullptr;
    Sender sender = {};
    zmq_msg_t kept = {};
  };
  static constexpr std::size_t count = 256;

  /// What libzmq 4.3.4 begins each message with (`msg_t::metadata`); null: it came from nobody.
  static const void* properties_of(const zmq_msg_t& message) {
    const void* properties = nullptr;
    std::memcpy(&properties, &message, sizeof properties);
    return properties;
  }
  static std::size_t place_of(const void* properties) {
    return reinterpret_cast<std::uintptr_t>(properties) * 0x9e3779b97f4a7c15U >> 56;
  }

  bool is_usable_;
  std::array<Known, count> known_;
};

}  // namespace postern::transport
