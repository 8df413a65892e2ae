#include "tools/client/watch.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace postern::client {

Watch::Watch() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), event_(::eventfd(0, EFD_CLOEXEC)) {
  if (epoll_ >= 0 && event_ >= 0) {
    add(event_);
  } else if (epoll_ >= 0) {
    ::close(epoll_);
    epoll_ = -1;
  }
}

Watch::~Watch() {
  if (event_ >= 0) ::close(event_);
  if (epoll_ >= 0) ::close(epoll_);
}

void Watch::add(int socket) {
  epoll_event wanted{.events = EPOLLIN, .data = {.fd = socket}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &wanted);
}

void Watch::remove(int socket) { ::epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr); }

void Watch::set_raised(bool raised) {
  if (raised == raised_) return;
  raised_ = raised;
  std::uint64_t count = 1;
  // Neither waits: its count is 0 before the write and 1 before the read.
  [[maybe_unused]] const auto done =
      raised ? ::write(event_, &count, sizeof count) : ::read(event_, &count, sizeof count);
}

void Watch::wait_until(SteadyClock::time_point then) const {
  constexpr std::chrono::milliseconds wait_max = std::chrono::hours(1);
  const auto now = SteadyClock::now();
  if (then <= now) return;
  // Rounded up, so that the time is over afterwards.
  const auto wait = std::min(std::chrono::ceil<std::chrono::milliseconds>(
                                 std::min<SteadyClock::duration>(then - now, wait_max)),
                             wait_max);
  epoll_event ready;
  ::epoll_wait(epoll_, &ready, 1, static_cast<int>(wait.count()));
}

}  // namespace postern::client
