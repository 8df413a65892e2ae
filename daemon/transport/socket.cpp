#include "daemon/transport/socket.h"

#include <zmq.h>

#include <array>
#include <cerrno>

namespace postern::transport {

namespace {

/// libzmq hides the name behind its draft macros; Debian's build has the option.
constexpr int zap_enforce_domain = 93;
constexpr std::string_view zap_domain = "postern";

}  // namespace

void CloseSocket::operator()(void* socket) const { zmq_close(socket); }

Expected<Socket> open_socket(void* context, int type) {
  Socket socket(zmq_socket(context, type));
  if (!socket)
    return std::unexpected(
        Failure{FailureKind::input_output,
                std::string("cannot open a socket: ") + zmq_strerror(zmq_errno()),
                "raise the open file limit (ulimit -n, LimitNOFILE=)"});
  return socket;
}

Expected<> set_options(const Socket& socket, std::initializer_list<Option> options) {
  for (const auto& [name, value] : options) {
    const int* number = std::get_if<int>(&value);
    const auto bytes = number ? std::as_bytes(std::span(number, 1)) : std::get<1>(value);
    if (zmq_setsockopt(socket.get(), name, bytes.data(), bytes.size()) != 0)
      return std::unexpected(Failure{
          FailureKind::configuration,
          "libzmq refused socket option " + std::to_string(name) + ": " + zmq_strerror(zmq_errno()),
          "run with the libzmq this was built for (Debian: libzmq5)"});
  }
  return {};
}

Expected<> guard(const Socket& socket, std::span<const std::byte> curve_secret) {
  const auto closed = set_options(
      socket, {{ZMQ_ZAP_DOMAIN, std::as_bytes(std::span(zap_domain))}, {zap_enforce_domain, 1}});
  if (!closed || curve_secret.empty()) return closed;
  return set_options(socket, {{ZMQ_CURVE_SERVER, 1}, {ZMQ_CURVE_SECRETKEY, curve_secret}});
}

std::string last_address(const Socket& socket) {
  std::array<char, 512> text{};
  std::size_t size = text.size();
  if (zmq_getsockopt(socket.get(), ZMQ_LAST_ENDPOINT, text.data(), &size) != 0) return {};
  return text.data();
}

bool send_frame(const Socket& socket, std::string_view frame, bool more) {
  const int flags = more ? ZMQ_SNDMORE : 0;
  while (zmq_send(socket.get(), frame.data(), frame.size(), flags) < 0)
    if (zmq_errno() != EINTR) return false;
  return true;
}

}  // namespace postern::transport
