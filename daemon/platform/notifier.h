// Tells the service manager how the daemon does (sd_notify's datagrams, written by hand).
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/platform/descriptor.h"
#include "daemon/platform/failure.h"

namespace postern::platform {

/// Owned by the main thread. Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID when made; without
/// a service manager all calls succeed and do nothing. A failure means the manager did not hear us;
/// trying again is harmless. Of `ready` alone is waited until there is room for it: a manager that
/// reads nothing holds nobody up who runs.
class Notifier {
 public:
  Notifier();

  Expected<> ready() { return tell("READY=1", 0); }
  Expected<> stopping() { return tell("STOPPING=1"); }
  Expected<> alive() { return tell("WATCHDOG=1"); }
  /// One line for `systemctl status`; anything unprintable is escaped.
  Expected<> status(std::string_view line) { return tell("STATUS=" + printable(line, 400)); }
  /// The same before `ready`: a start that goes on is given so much longer from now on.
  Expected<> starting(std::string_view line, std::chrono::microseconds longer);
  /// Somebody listens.
  bool is_managed() const { return !address_.empty(); }

  /// The manager kills us if `alive` does not come this often; tell it at least twice as often.
  std::optional<std::chrono::microseconds> watchdog_interval() const { return watchdog_interval_; }

 private:
  Expected<> tell(std::string_view state, int flags = MSG_DONTWAIT);

  Descriptor socket_;
  std::string address_;
  std::optional<std::chrono::microseconds> watchdog_interval_;
};

}  // namespace postern::platform
