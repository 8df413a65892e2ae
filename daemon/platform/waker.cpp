#include "daemon/platform/waker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "daemon/platform/require.h"

namespace postern::platform {

Waker::Waker() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  require(descriptor_ >= 0);
}

Waker::~Waker() { ::close(descriptor_); }

void Waker::wake() {
  const std::uint64_t one = 1;
  // A full counter (EAGAIN) is a wake already.
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, &one, sizeof one);
}

void Waker::clear() {
  std::uint64_t count = 0;
  // An empty counter (EAGAIN) is clear already.
  [[maybe_unused]] const ssize_t got = ::read(descriptor_, &count, sizeof count);
}

}  // namespace postern::platform
