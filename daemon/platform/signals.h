// The signals that ask the daemon to stop or to look again, as something to poll.
#pragma once

#include <optional>

#include "daemon/platform/descriptor.h"

namespace postern::platform {

/// Made and read by the main thread, before it makes any other: all threads inherit the mask, so
/// that SIGTERM, SIGINT and SIGHUP reach nobody but the descriptor. One at a time; the old mask
/// returns with its end.
class Signals {
 public:
  Signals();
  ~Signals();
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
