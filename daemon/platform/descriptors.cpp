#include "daemon/platform/descriptors.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace postern::platform {

namespace {

/// What a daemon has open when it has started, without tables and connections.
constexpr std::size_t own = 46;
/// For what it opens and closes again: snapshots, checkpoints, key files, the scrubber's look.
constexpr std::size_t passing = 16;
/// Fewer connections are no service.
constexpr std::size_t connections_min = 12;
constexpr std::size_t limit_min = own + passing + connections_min;
/// One for each 16 MiB of records; more are opened in turn.
constexpr std::size_t tables_max = 490;
/// The kernel's usual one, where a system call filter forbids to ask.
constexpr std::size_t usual_limit = 1'024;

}  // namespace

std::size_t descriptor_limit() {
  rlimit files{};
  // The C library asks by the call that sets limits too, which a filter may forbid.
  const bool told = ::getrlimit(RLIMIT_NOFILE, &files) == 0 ||
                    ::syscall(SYS_getrlimit, RLIMIT_NOFILE, &files) == 0;
  return told ? files.rlim_cur : usual_limit;
}

std::size_t table_descriptors(std::size_t limit) {
  return limit < limit_min ? 0 : std::min((limit - limit_min) / 2, tables_max);
}

Expected<std::size_t> connection_descriptors_end(std::size_t limit) {
  if (limit < limit_min)
    return std::unexpected(
        Failure{FailureKind::configuration,
                "this process may have " + std::to_string(limit) +
                    " files and connections open, and needs " + std::to_string(limit_min),
                "Raise the limit: ulimit -n 1024, or LimitNOFILE=1024 in the unit."});
  return limit - passing - table_descriptors(limit);
}

}  // namespace postern::platform
