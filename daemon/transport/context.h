// The one ZeroMQ context of the process, with its authenticator (ZAP) bound before any socket is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "daemon/platform/failure.h"
#include "daemon/platform/peer.h"

namespace postern::transport {

/// Two I/O threads and the authenticator's thread are its own. Closed by default: until `allow`
/// names somebody, nobody gets in. Destroy after every endpoint.
class Context {
 public:
  /// Starts the authenticator and confirms over sockets of its own that strangers are denied (hard
  /// fact 9). `on_death` is called, on the authenticator's thread, if that ends by itself: the
  /// daemon must stop.
  static Expected<std::unique_ptr<Context>> start(std::function<void()> on_death);
  virtual ~Context() = default;

  /// Replaces the identities that get in ("curve:<hex>", "uid:<n>"). Any thread.
  virtual void allow(std::set<std::string> identities) = 0;

  /// Who is denied from now on is told, on the authenticator's thread.
  virtual void tell_denied(std::function<void(const platform::Stranger&)> tell) = 0;

  /// Handshakes denied. Any thread.
  virtual std::uint64_t denied() const = 0;

  /// The authenticator's thread has ticked since the last call (watchdog). Any thread.
  virtual bool ticked() = 0;
};

}  // namespace postern::transport
