#include "daemon/platform/process.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>

#include "daemon/platform/signals.h"
#include "daemon/platform/system_failure.h"

namespace postern::platform {

namespace {

/// What there is must do where a system call filter forbids to raise it; see descriptors.h.
void ask_for_all_descriptors() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

Expected<> harden_process() {
  ::umask(0077);
  ignore_meaningless_signals();
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    return std::unexpected(system_failure("turn core dumps off", errno));
  // A second lock on the same door, which a system call filter may keep us from.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ask_for_all_descriptors();
  return {};
}

}  // namespace postern::platform
