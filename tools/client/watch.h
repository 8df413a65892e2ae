// One descriptor for all that a client waits for: an epoll over the descriptors of its sockets, and
// an eventfd that makes it readable though no socket is.
// Thread: the client's; the descriptor itself may be waited on by any.
// Failure: none once `descriptor` is not -1.
#pragma once

#include <algorithm>
#include <chrono>

namespace postern::client {

using SteadyClock = std::chrono::steady_clock;

/// A time that a caller gives, which may be the longest that its type can say: added to a time of
/// the clock it must not overflow.
constexpr std::chrono::milliseconds bounded(std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds year = std::chrono::hours(365 * 24);
  return std::clamp(time, std::chrono::milliseconds(0), year);
}

class Watch {
 public:
  Watch();
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// -1: the system gave none.
  int descriptor() const { return epoll_; }
  void add(int socket);
  void remove(int socket);
  /// Whether it is readable whatever the sockets say.
  void set_raised(bool raised);
  /// Until a socket has something, or then at the latest.
  void wait_until(SteadyClock::time_point then) const;

 private:
  int epoll_;
  int event_;
  bool raised_ = false;
};

}  // namespace postern::client
