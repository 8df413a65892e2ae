#include "daemon/platform/entropy.h"

#include <sys/random.h>

#include "daemon/platform/require.h"
#include "daemon/platform/retried.h"

namespace postern::platform {

void SystemEntropy::fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = retried([&] { return ::getrandom(bytes.data(), bytes.size(), 0); });
    require(got > 0);
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace postern::platform
