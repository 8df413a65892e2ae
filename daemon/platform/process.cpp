#include "daemon/platform/process.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>

#include "daemon/platform/system_failure.h"

namespace postern::platform {

namespace {

bool all_descriptors() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return false;
  files.rlim_cur = files.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &files) == 0;
}

}  // namespace

Expected<> harden_process() {
  ::umask(0077);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    return std::unexpected(system_failure("turn core dumps off", errno));
  if (!all_descriptors())
    return std::unexpected(system_failure("raise the open file limit to its hard limit", errno));
  return {};
}

}  // namespace postern::platform
