// The other side of a socket, for tests: peers that behave, peers that do not, and a transport to
// knock at.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/credential/curve.h"
#include "daemon/transport/endpoint.h"
#include "daemon/transport/socket.h"
#include "daemon/transport/zmq_context.h"

namespace postern::tests {

using Frames = std::vector<std::string>;

/// Far longer than anything takes: only a broken program waits so long.
constexpr std::chrono::seconds patience{120};

/// Asks again and again until it is so; false if patience ends first.
bool eventually(const std::function<bool()>& is_so);

/// A fresh folder, 0700, removed with all in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// How a peer proves who it is: nothing (ipc), or CURVE keys.
struct Credentials {
  const credential::CurveKeyPair* own = nullptr;
  const credential::CurveKey* server = nullptr;
};

/// A ZeroMQ client socket.
class ClientSocket {
 public:
  /// Connected at once if `address` is not empty.
  ClientSocket(void* context, int type, const std::string& address, Credentials credentials = {},
               std::initializer_list<transport::Option> options = {});

  void connect(const std::string& address) const;

  void send(const Frames& frames) const;
  /// The next message, or nothing if none comes in time.
  std::optional<Frames> receive(std::chrono::milliseconds limit = patience) const;
  const transport::Socket& socket() const { return socket_; }

 private:
  transport::Socket socket_;
};

/// The events of one socket (zmq_socket_monitor). Made before the socket binds or connects, gone
/// before the socket goes.
class Monitor {
 public:
  Monitor(void* context, const transport::Socket& socket, int events);
  /// An event that nobody receives would hold libzmq's I/O thread for ever.
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  /// The next event and its value; nothing if none comes in time.
  std::optional<std::pair<int, std::uint32_t>> next(std::chrono::milliseconds limit = patience);

 private:
  void* watched_;
  transport::Socket watcher_;
};

/// A ROUTER that is bound by hand, without Endpoint.
struct BareRouter {
  /// Bound at once if `address` is not empty.
  BareRouter(void* context, const std::string& address,
             std::initializer_list<transport::Option> options, bool guarded,
             std::span<const std::byte> curve_secret);

  /// Both frames of the next message; nothing if none comes in time.
  std::optional<Frames> receive(std::chrono::milliseconds limit = patience) const;

  transport::Socket socket;
  std::string address;
};

/// A message as the endpoint gave it, kept.
struct Received {
  transport::Peer peer;
  std::string identity;
  std::string payload;
};

/// A context and one endpoint on an ephemeral tcp port and an ipc path, used by the test's own
/// thread.
struct Transport {
  explicit Transport(const std::function<void(transport::EndpointOptions&)>& change = {});

  void* handle() const { return static_cast<transport::ZmqContext&>(*context).handle(); }
  const std::string& tcp_address() const { return addresses.front(); }
  const std::string& ipc_address() const { return addresses.back(); }
  /// Allows our own uid and `key` over tcp.
  void allow(const credential::CurveKeyPair& key);
  Credentials credentials(const credential::CurveKeyPair& key) const;

  std::optional<Received> receive(std::chrono::milliseconds limit = patience);
  void answer(const transport::Peer& peer, std::string_view payload);

  TemporaryFolder folder;
  credential::CurveKeyPair server_key = credential::make_curve_key_pair();
  std::atomic<int> deaths = 0;
  std::unique_ptr<transport::Context> context;
  std::unique_ptr<transport::Endpoint> endpoint;
  std::vector<std::string> addresses;
};

std::string own_identity();

}  // namespace postern::tests
