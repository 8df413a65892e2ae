// A bare connection, over tcp or to a unix socket, and what a ZMTP 3 peer says on it.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace postern::support {

class BareConnection {
 public:
  using Clock = std::chrono::steady_clock;

  explicit BareConnection(int port)
      : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(address);
  }
  explicit BareConnection(const std::string& ipc_address)
      : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ipc_address.copy(address.sun_path, sizeof address.sun_path - 1, std::strlen("ipc://"));
    connect(address);
  }
  BareConnection(BareConnection&& from) noexcept
      : descriptor_(std::exchange(from.descriptor_, -1)) {}
  BareConnection& operator=(BareConnection&&) = delete;
  ~BareConnection() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  void send(std::string_view bytes) const {
    BOOST_REQUIRE(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                  static_cast<ssize_t>(bytes.size()));
  }
  /// As much as there is room for, without waiting.
  void send_what_fits(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent =
          ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  std::string read(std::size_t size) const {
    std::string bytes(size, '\0');
    BOOST_REQUIRE(::recv(descriptor_, bytes.data(), size, MSG_WAITALL) ==
                  static_cast<ssize_t>(size));
    return bytes;
  }
  /// Reads so many bytes; false if the connection ends before.
  bool skip(std::size_t size) const {
    std::string bytes(size, '\0');
    return ::recv(descriptor_, bytes.data(), size, MSG_WAITALL) == static_cast<ssize_t>(size);
  }
  /// Reads to the end; false if the other side does not close in time.
  bool closes_before(Clock::time_point end) const {
    while (true) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
      pollfd wait{descriptor_, POLLIN, 0};
      if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0) return false;
      char ignored[256];
      if (::recv(descriptor_, ignored, sizeof ignored, 0) <= 0) return true;
    }
  }
  int descriptor() const { return descriptor_; }
  /// Says that no more comes, but listens on.
  void close_half() const { ::shutdown(descriptor_, SHUT_WR); }
  /// Goes without a farewell: over tcp with RST.
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(std::exchange(descriptor_, -1));
  }

 private:
  template <class Address>
  void connect(const Address& address) const {
    BOOST_REQUIRE(
        ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }

  int descriptor_;
};

/// What a peer says first: its greeting, 64 bytes.
inline std::string zmtp_greeting(const std::string& mechanism) {
  std::string bytes = "\xff" + std::string(8, '\0') + "\x7f" + '\3' + '\1' + mechanism;
  bytes.resize(64);
  return bytes;
}

/// A frame of up to 255 bytes; `flags`: 1 more follows, 4 a command.
inline std::string zmtp_frame(char flags, std::string_view body) {
  return std::string{flags, static_cast<char>(body.size())}.append(body);
}

/// With the mechanism NULL, who it is; messages may follow.
inline std::string zmtp_ready(std::string_view routing_id = {}) {
  std::string body = "\5READY\13Socket-Type" + std::string("\0\0\0\6", 4) + "DEALER";
  if (!routing_id.empty())
    body.append("\10Identity")
        .append(3, '\0')
        .append(1, static_cast<char>(routing_id.size()))
        .append(routing_id);
  return zmtp_frame('\4', body);
}

/// A heartbeat that lives for so many tenths of a second.
inline std::string zmtp_ping(int lives_ds) {
  return zmtp_frame('\4', std::string("\4PING") + static_cast<char>(lives_ds >> 8) +
                              static_cast<char>(lives_ds & 0xff));
}

/// What answers it: a frame of a name alone.
constexpr std::size_t zmtp_pong_bytes = 2 + 1 + 4;

/// A peer by hand at an ipc socket, ready to send frames.
inline BareConnection handmade_peer(const std::string& ipc_address) {
  BareConnection made(ipc_address);
  made.send(zmtp_greeting("NULL"));
  made.read(zmtp_greeting("NULL").size());
  made.send(zmtp_ready());
  made.read(static_cast<unsigned char>(made.read(2)[1]));
  return made;
}

}  // namespace postern::support
