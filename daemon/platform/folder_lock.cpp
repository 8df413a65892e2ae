#include "daemon/platform/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <string>

#include "daemon/platform/system_failure.h"

namespace postern::platform {

namespace {

std::string holder_of(int descriptor) {
  std::array<char, 16> text{};
  const ssize_t got = ::pread(descriptor, text.data(), text.size(), 0);
  std::string digits;
  for (ssize_t i = 0; i < got && text[static_cast<std::size_t>(i)] != '\n'; ++i)
    digits += text[static_cast<std::size_t>(i)];
  return digits.empty() ? "another process" : "process " + printable(digits, 16);
}

Expected<> write_holder(int descriptor, const std::string& what) {
  const std::string line = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) != 0 ||
      ::pwrite(descriptor, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size()))
    return std::unexpected(system_failure("write " + what, errno));
  return {};
}

}  // namespace

Expected<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  const auto path = folder / "lock";
  const std::string what = printable(path.native(), 4096);
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return std::unexpected(system_failure("open " + what, errno));
  if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return std::unexpected(system_failure("lock " + what, errno));
    return std::unexpected(Failure{FailureKind::in_use,
                                   "the folder " + printable(folder.native(), 4096) +
                                       " is in use by " + holder_of(file.number()),
                                   "stop that process, or name another folder"});
  }
  if (auto written = write_holder(file.number(), what); !written)
    return std::unexpected(written.error());
  return FolderLock(std::move(file));
}

}  // namespace postern::platform
