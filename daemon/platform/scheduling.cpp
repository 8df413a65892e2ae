#include "daemon/platform/scheduling.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace postern::platform {

namespace {

constexpr int niceness_max = 19;

/// The kernel's, whose header cannot stand beside <sched.h>.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t niceness = 0;
  std::uint32_t priority = 0;
  std::uint64_t slice_ns = 0;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};
static_assert(sizeof(SchedulingAttributes) == 48);

struct Form {
  std::uint32_t policy;
  int niceness_added;
  std::uint64_t slice_ns;
};

/// Whoever wakes with a shorter slice than who runs takes the processor (Linux 6.12; before that
/// all slices are the system's, which are up to 2.8 ms).
Form form_of(Urgency urgency) {
  switch (urgency) {
    case Urgency::prompt:
      return {SCHED_OTHER, 0, 100'000};
    case Urgency::patient:
      return {SCHED_OTHER, 5, 3'000'000};
    case Urgency::background:
      return {SCHED_BATCH, 10, 3'000'000};
  }
  return {};
}

/// A filter of system calls may end whoever asks. Where there is one, a process that nobody needs
/// asks first.
bool may_ask_for_scheduling() {
  if (::prctl(PR_GET_SECCOMP) == 0) return true;
  const pid_t scout = ::fork();
  if (scout == 0) {
    // As it is: what matters is whether it lives.
    SchedulingAttributes same;
    same.niceness = ::getpriority(PRIO_PROCESS, 0);
    ::_exit(::syscall(SYS_sched_setattr, 0, &same, 0) == 0 ? 0 : 1);
  }
  int status = 0;
  while (scout > 0 && ::waitpid(scout, &status, 0) < 0 && errno == EINTR) continue;
  return scout > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

bool schedule_thread(pid_t thread, Urgency urgency) {
  static const bool may_ask = may_ask_for_scheduling();
  if (!may_ask) return false;
  const Form form = form_of(urgency);
  SchedulingAttributes wanted;
  wanted.policy = form.policy;
  wanted.niceness = std::min(
      ::getpriority(PRIO_PROCESS, static_cast<id_t>(thread)) + form.niceness_added, niceness_max);
  wanted.slice_ns = form.slice_ns;
  return ::syscall(SYS_sched_setattr, thread, &wanted, 0) == 0;
}

bool begin_thread(const char* name, Urgency urgency) {
  // Too long a name fails.
  char shown[16] = {};
  std::copy_n(name, ::strnlen(name, sizeof shown - 1), shown);
  ::pthread_setname_np(::pthread_self(), shown);
  return schedule_thread(::gettid(), urgency);
}

}  // namespace postern::platform
