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

/// Who was not let in, or is not listened to: all of it is public.
struct Stranger {
  /// "curve:" and a public key in hexadecimal digits, or "uid:" and a number; as the authenticator
  /// found it. Empty: it showed none.
  std::string identity;
  /// Empty: not known, or over ipc.
  std::string address = {};
};

/// A setting's name or value as the settings file has it: none of them is a secret.
struct SettingText {
  std::string text;
};

}  // namespace postern::platform
