#include "daemon/platform/signals.h"

#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <span>

#include "daemon/platform/require.h"
#include "daemon/platform/retried.h"

namespace postern::platform {

namespace {

constexpr int signal_max = 64;
/// These mean something, or the system takes no other word for them.
constexpr int meaningful[] = {SIGKILL, SIGSTOP, SIGABRT, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD};
/// At a terminal, to a program that is not the daemon.
constexpr int of_jobs[] = {SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT};
/// For the daemon to read.
constexpr int to_read[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};

bool among(std::span<const int> signals, int number) {
  return std::ranges::find(signals, number) != signals.end();
}

/// As the kernel takes it. glibc keeps two to itself, which end a process all the same: one it
/// never uses here, for the other it puts its own handler in place with the first thread.
struct KernelAction {
  void (*handler)(int) = SIG_IGN;
  unsigned long flags = 0;
  void (*restorer)() = nullptr;
  unsigned long mask = 0;
};

void ignore(int number) {
  const KernelAction action;
  // A fault of the program itself ends it though it is ignored: the kernel sees to that.
  require(::syscall(SYS_rt_sigaction, number, &action, nullptr, sizeof action.mask) == 0);
}

sigset_t set_to_read() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : to_read) sigaddset(&set, number);
  return set;
}

}  // namespace

void ignore_meaningless_signals() {
  for (int number = 1; number <= signal_max; ++number)
    if (!among(meaningful, number) && !among(of_jobs, number)) ignore(number);
}

Signals::Signals() {
  ignore_meaningless_signals();
  for (const int number : of_jobs) ignore(number);
  const sigset_t set = set_to_read();
  // Whatever mask the process was started with.
  require(::pthread_sigmask(SIG_SETMASK, &set, nullptr) == 0);
  file_ = Descriptor(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  require(file_.valid());
}

std::optional<int> Signals::take() {
  signalfd_siginfo info{};
  const ssize_t got = retried([&] { return ::read(file_.number(), &info, sizeof info); });
  if (got == sizeof info) return static_cast<int>(info.ssi_signo);
  require(got < 0 && (errno == EAGAIN || errno == EINTR));
  return std::nullopt;
}

}  // namespace postern::platform
