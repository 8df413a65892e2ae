#include "daemon/platform/entropy.h"

#include <sys/random.h>

#include <cerrno>

#include "daemon/platform/require.h"

namespace postern::platform {

void SystemEntropy::fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
    require(got > 0 || errno == EINTR);
    if (got > 0) bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace postern::platform
