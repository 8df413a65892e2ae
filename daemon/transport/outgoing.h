// Answers that wait in libzmq until their peers read them, bounded by bytes: libzmq's own
// high-water mark counts messages, and one of them may have a megabyte.
// Owned by one thread; libzmq's threads say when they are done with a message, also later than this
// is gone.
#pragma once

#include <zmq.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "daemon/platform/peer.h"

namespace postern::transport {

/// Peers share the bytes: who would hold no more than is free then has room for one more answer, so
/// one alone holds half. Who holds none always has, so that nobody is shut out by those that do not
/// read.
class Outgoing {
 public:
  explicit Outgoing(std::size_t bytes_max)
      : bytes_max_(bytes_max), all_(std::make_shared<Waiting>()) {}

  /// Whether there is room for an answer of so many bytes, if it holds `owed` more than waits.
  bool has_room(const platform::Peer& peer, std::size_t bytes, std::size_t owed = 0);

  /// Makes `message` a copy of `payload` that counts until libzmq, or `zmq_msg_close`, is done with
  /// it; `wipes`: and is wiped then. Room or not: whoever makes has asked.
  void make(zmq_msg_t& message, const platform::Peer& peer, std::span<const std::uint8_t> payload,
            bool wipes);

 private:
  struct Waiting {
    std::atomic<std::size_t> bytes = 0;
  };
  struct Copy;

  const std::shared_ptr<Waiting>& of(const platform::Peer& peer);
  void forget_those_with_none();

  std::size_t bytes_max_;
  std::shared_ptr<Waiting> all_;
  /// By socket and routing id.
  std::unordered_map<std::string, std::shared_ptr<Waiting>> peers_;
  std::size_t peers_before_forgetting_ = 64;
  /// Who was asked for last, mostly the next too.
  std::shared_ptr<Waiting> last_;
  std::uint8_t last_socket_ = 0;
  std::string last_routing_id_;
};

}  // namespace postern::transport
