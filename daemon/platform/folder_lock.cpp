#include "daemon/platform/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include "daemon/platform/files.h"
#include "daemon/platform/retried.h"
#include "daemon/platform/system_failure.h"

namespace postern::platform {

namespace {

std::filesystem::path path_in(const std::filesystem::path& folder) { return folder / "lock"; }

std::string holder_of(int descriptor) {
  std::array<char, 16> text{};
  const ssize_t got = ::pread(descriptor, text.data(), text.size(), 0);
  std::string digits;
  for (ssize_t i = 0; i < got && text[static_cast<std::size_t>(i)] != '\n'; ++i)
    digits += text[static_cast<std::size_t>(i)];
  // Who shares it writes no name, and the last one's stays.
  if (::kill(std::atoi(digits.c_str()), 0) != 0 && errno == ESRCH) digits.clear();
  return digits.empty() ? "another process" : "process " + printable(digits, 16);
}

Expected<> write_holder(int descriptor, const std::string& what) {
  const std::string line = std::to_string(::getpid()) + "\n";
  if (retried([&] { return ::ftruncate(descriptor, 0); }) != 0 ||
      retried([&] { return ::pwrite(descriptor, line.data(), line.size(), 0); }) !=
          static_cast<ssize_t>(line.size()))
    return std::unexpected(system_failure("write " + what, errno));
  return {};
}

}  // namespace

Expected<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  const auto path = path_in(folder);
  Descriptor file(retried(
      [&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600); }));
  auto taken = lock(std::move(file), LOCK_EX, folder);
  if (!taken) return taken;
  if (auto written = write_holder(taken->file_.number(), printable_path(path)); !written)
    return std::unexpected(written.error());
  return taken;
}

Expected<FolderLock> FolderLock::share(const std::filesystem::path& folder) {
  const auto path = path_in(folder);
  Descriptor file(retried([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW); }));
  if (!file.valid() && errno == ENOENT) return FolderLock(std::move(file));
  return lock(std::move(file), LOCK_SH, folder);
}

/// `errno` tells why a file is not valid.
Expected<FolderLock> FolderLock::lock(Descriptor file, int operation,
                                      const std::filesystem::path& folder) {
  const int open_error = errno;
  const std::string what = printable_path(path_in(folder));
  if (!file.valid()) return std::unexpected(system_failure("open " + what, open_error));
  if (retried([&] { return ::flock(file.number(), operation | LOCK_NB); }) == 0)
    return FolderLock(std::move(file));
  if (errno != EWOULDBLOCK) return std::unexpected(system_failure("lock " + what, errno));
  return std::unexpected(
      Failure{FailureKind::in_use,
              "the folder " + printable_path(folder) + " is in use by " + holder_of(file.number()),
              operation == LOCK_EX ? "stop that process, or name another folder"
                                   : "stop that process, or work on a copy of the folder"});
}

}  // namespace postern::platform
