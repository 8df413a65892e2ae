#include "daemon/platform/notifier.h"

#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "daemon/platform/retried.h"
#include "daemon/platform/system_failure.h"

namespace postern::platform {

namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

std::optional<std::chrono::microseconds> interval_from_environment() {
  const auto microseconds = number(environment("WATCHDOG_USEC"));
  const auto for_whom = environment("WATCHDOG_PID");
  if (!microseconds || *microseconds <= 0) return std::nullopt;
  if (!for_whom.empty() && number(for_whom) != ::getpid()) return std::nullopt;
  return std::chrono::microseconds(*microseconds);
}

}  // namespace

Notifier::Notifier()
    : address_(environment("NOTIFY_SOCKET")), watchdog_interval_(interval_from_environment()) {}

Expected<> Notifier::starting(std::string_view line, std::chrono::microseconds longer) {
  return tell("STATUS=" + printable(line, 400) +
              "\nEXTEND_TIMEOUT_USEC=" + std::to_string(longer.count()));
}

Expected<> Notifier::tell(std::string_view state, int flags) {
  if (address_.empty()) return {};
  const std::string attempted = "notify the service manager at " + printable(address_, 120);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (address_.size() >= sizeof to.sun_path)
    return std::unexpected(system_failure(attempted, ENAMETOOLONG));
  std::ranges::copy(address_, to.sun_path);
  // "@" stands for the NUL of an abstract address.
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';

  if (!socket_.valid()) socket_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const ssize_t sent = retried([&] {
    return ::sendto(socket_.number(), state.data(), state.size(), flags | MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&to), length);
  });
  if (sent != static_cast<ssize_t>(state.size()))
    return std::unexpected(system_failure(attempted, errno));
  return {};
}

}  // namespace postern::platform
