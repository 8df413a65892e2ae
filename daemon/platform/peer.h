// Where an answer goes: what transport says of a message's sender, and services hand back with the
// answer.
#pragma once

#include <cstdint>
#include <string>

namespace postern::platform {

/// A value; may be kept and handed to other threads.
struct Peer {
  /// ZeroMQ's routing id on that socket.
  std::string routing_id;
  /// Which of the endpoint's sockets.
  std::uint8_t socket = 0;
  /// The peer is a REQ: an empty frame stands before the payload.
  bool delimiter = false;
};

}  // namespace postern::platform
