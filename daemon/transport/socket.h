// A ZeroMQ socket that closes itself, and what every listening socket of the daemon has in common.
// Private to this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/platform/failure.h"

namespace postern::transport {

struct CloseSocket {
  void operator()(void* socket) const;
};
using Socket = std::unique_ptr<void, CloseSocket>;

/// `context` is libzmq's, `type` one of ZMQ_ROUTER, …
Expected<Socket> open_socket(void* context, int type);

/// One socket option; bytes must live until it is set.
struct Option {
  int name = 0;
  std::variant<int, std::span<const std::byte>> value = 0;
};

/// Sets them in order, up to the first that libzmq refuses.
Expected<> set_options(const Socket& socket, std::initializer_list<Option> options);

/// Closes hard fact 9: nobody is let in unless the authenticator names it. With a secret key the
/// socket speaks CURVE as a server; without, the NULL mechanism, for ipc. Before `bind`; the
/// self-check tests this very function.
Expected<> guard(const Socket& socket, std::span<const std::byte> curve_secret);

/// The address a socket was last bound to.
std::string last_address(const Socket& socket);

/// One frame; waits if it must. False on any error but an interrupting signal.
bool send_frame(const Socket& socket, std::string_view frame, bool more);

}  // namespace postern::transport
