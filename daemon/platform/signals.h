// Which signals mean something to a program of ours, and those that ask the daemon to stop or to
// look again as something to poll.
#pragma once

#include <optional>

#include "daemon/platform/descriptor.h"

namespace postern::platform {

/// For every program, before it makes any thread: signals that nobody means by ending it (SIGUSR1,
/// SIGPIPE, SIGALRM, the real-time ones and so on, see the table) are ignored from now on, so that
/// they neither end it nor interrupt a system call. SIGTERM, SIGINT, SIGQUIT and SIGHUP mean what
/// they did; SIGABRT ends it at once: `abort`, and a service manager whose patience is over, mean
/// that.
void ignore_meaningless_signals();

/// Made and read by the main thread, before it makes any other: all threads inherit the mask, so
/// that SIGTERM, SIGINT, SIGQUIT and SIGHUP reach nobody but the descriptor. What would only
/// suspend a daemon (SIGTSTP, say) is ignored too. One for each process. They stay blocked when it
/// goes, so that a second SIGTERM does not change how a daemon that stops has ended.
class Signals {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Readable while a signal waits.
  int descriptor() const { return file_.number(); }
  /// The next signal's number, without waiting.
  std::optional<int> take();

 private:
  Descriptor file_;
};

}  // namespace postern::platform
