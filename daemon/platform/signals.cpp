#include "daemon/platform/signals.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>

#include "daemon/platform/require.h"

namespace postern::platform {

namespace {

sigset_t stop_and_reload() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = stop_and_reload();
  require(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  file_ = Descriptor(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  require(file_.valid());
}

Signals::~Signals() {
  const sigset_t set = stop_and_reload();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::optional<int> Signals::take() {
  signalfd_siginfo info{};
  const ssize_t got = ::read(file_.number(), &info, sizeof info);
  if (got == sizeof info) return static_cast<int>(info.ssi_signo);
  require(got < 0 && (errno == EAGAIN || errno == EINTR));
  return std::nullopt;
}

}  // namespace postern::platform
