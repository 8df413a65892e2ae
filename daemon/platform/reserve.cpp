#include "daemon/platform/reserve.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "daemon/platform/descriptor.h"
#include "daemon/platform/files.h"
#include "daemon/platform/retried.h"
#include "daemon/platform/system_failure.h"

namespace postern::platform {

namespace {

constexpr std::uint64_t stat_block_bytes = 512;

std::unexpected<Failure> failed(std::string what, const std::filesystem::path& file, int error) {
  return std::unexpected(system_failure(what + " " + printable_path(file), error));
}

}  // namespace

Expected<std::uint64_t> Reserve::held_bytes() const {
  struct stat about {};
  if (::stat(file_.c_str(), &about) != 0) {
    if (errno == ENOENT) return 0;
    return failed("look at", file_, errno);
  }
  return std::min(bytes_, static_cast<std::uint64_t>(about.st_blocks) * stat_block_bytes);
}

Expected<std::uint64_t> Reserve::free() const {
  const auto held = held_bytes();
  if (!held) return held;
  const auto on_disk = free_bytes(file_.parent_path());
  if (!on_disk) return on_disk;
  const std::uint64_t wanted = bytes_ - *held;
  return *on_disk - std::min(*on_disk, wanted);
}

Expected<> Reserve::hold() {
  const auto held = held_bytes();
  if (!held) return std::unexpected(held.error());
  if (*held == bytes_) return {};
  const Descriptor file(
      retried([&] { return ::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600); }));
  if (!file.valid()) return failed("make", file_, errno);
  const int kept = retried([&] {
    errno = ::posix_fallocate(file.number(), 0, static_cast<off_t>(bytes_));
    return errno == 0 ? 0 : -1;
  });
  if (kept != 0) return failed("keep space with", file_, errno);
  return {};
}

Expected<> Reserve::give_up() {
  if (::unlink(file_.c_str()) != 0 && errno != ENOENT) return failed("remove", file_, errno);
  return {};
}

}  // namespace postern::platform
