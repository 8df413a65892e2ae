#include "daemon/platform/system_failure.h"

#include <cerrno>
#include <string>
#include <system_error>

namespace postern::platform {

namespace {

struct Advice {
  FailureKind kind;
  std::string_view remedy;
};

Advice advice(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return {FailureKind::missing, "check the path"};
    case EACCES:
    case EPERM:
      return {FailureKind::not_permitted, "check owner and mode of the path and of its folders"};
    case EROFS:
      return {
          FailureKind::not_permitted,
          "write where this program may: the disk, or the sandbox that it runs in, is read-only "
          "there (in a unit: StateDirectory=, RuntimeDirectory= or ReadWritePaths= names what is "
          "not)"};
    case EADDRINUSE:
      return {FailureKind::in_use, "stop the program that uses it, or choose another"};
    case ENOSPC:
    case EDQUOT:
      return {FailureKind::input_output, "free space on that disk"};
    case EFBIG:
      return {FailureKind::input_output, "raise the file size limit (ulimit -f, LimitFSIZE=)"};
    case EMFILE:
    case ENFILE:
      return {FailureKind::input_output, "raise the open file limit (ulimit -n, LimitNOFILE=)"};
    case ENOMEM:
      return {FailureKind::input_output, "give the machine, or this program's limit, more memory"};
    case EINTR:
      return {FailureKind::input_output, "find out what sends it signals without end"};
    default:
      return {FailureKind::input_output, "check the disk and the kernel's messages (dmesg)"};
  }
}

}  // namespace

Failure system_failure(std::string_view attempted, int error) {
  const auto [kind, remedy] = advice(error);
  return {kind, "cannot " + std::string(attempted) + ": " + std::generic_category().message(error),
          std::string(remedy)};
}

}  // namespace postern::platform
