#include "tools/cli/part_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "daemon/platform/retried.h"
#include "tools/cli/verb.h"
#include "tools/text/shown.h"

namespace postern::cli {
namespace {

constexpr std::size_t message_bytes_max = std::size_t{16} << 20U;

bool write_all(int descriptor, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const auto count =
        platform::retried([&] { return ::write(descriptor, bytes.data(), bytes.size()); });
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

PartFile::PartFile(std::filesystem::path file) : file_(std::move(file)), part_(file_) {
  part_ += ".part";
  std::error_code error;
  if (std::filesystem::exists(file_, error))
    throw Stop{exit_codes::cannot_create,
               fmt::format("{} is there.", text::printable(file_.string())),
               "Name a new file; nothing is overwritten."};
  constexpr int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  descriptor_ = platform::retried([&] { return ::open(part_.c_str(), flags, 0600); });
  if (descriptor_ < 0) stop("make");
  if (auto why = foreign(); !why.empty()) {
    ::close(descriptor_);
    throw Stop{exit_codes::not_permitted,
               fmt::format("{} is there already, and {}.", text::printable(part_.string()), why),
               fmt::format("It is no part that you wrote: rm {}", text::printable(part_.string()))};
  }
  if (!is_locked()) {
    ::close(descriptor_);
    throw Stop{exit_codes::busy,
               fmt::format("Another command writes {}.", text::printable(part_.string())),
               "Wait until it has ended, then say this again."};
  }
}

/// Until it is closed nobody else gets it; not one that has lost this name while it was opened.
bool PartFile::is_locked() const {
  if (platform::retried([&] { return ::flock(descriptor_, LOCK_EX | LOCK_NB); }) != 0) {
    if (errno != EWOULDBLOCK) stop("lock");
    return false;
  }
  struct stat opened {
  }, named{};
  return ::fstat(descriptor_, &opened) == 0 && ::stat(part_.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/// Why what lies under the part's name is not what an earlier run of ours left; empty: it is.
std::string PartFile::foreign() const {
  struct stat about {};
  if (::fstat(descriptor_, &about) != 0) stop("look at");
  if (!S_ISREG(about.st_mode)) return "is no regular file";
  if (about.st_uid != ::geteuid()) return fmt::format("belongs to user {}", about.st_uid);
  if (about.st_nlink != 1) return "has another name beside this one";
  if ((about.st_mode & 022) != 0)
    return fmt::format("others than its owner may write to it: its mode is {:04o}",
                       about.st_mode & 07777);
  // Ours, but begun with a careless mode.
  if ((about.st_mode & 077) != 0 && ::fchmod(descriptor_, 0600) != 0) stop("close to others");
  return {};
}

PartFile::~PartFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!resumable_ && !finished_) ::unlink(part_.c_str());
}

/// Fewer at the end of the file.
std::size_t PartFile::read_at(std::uint64_t place, std::span<std::uint8_t> to) const {
  std::size_t size = 0;
  while (size < to.size()) {
    const auto count = platform::retried([&] {
      return ::pread(descriptor_, to.data() + size, to.size() - size,
                     static_cast<off_t>(place + size));
    });
    // What cannot be read is not taken for torn, which would be cut off.
    if (count < 0) stop("read");
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  return size;
}

void PartFile::resume(const std::function<bool(std::span<const std::uint8_t>)>& take) {
  bytes_ = 0;
  std::vector<std::uint8_t> message;
  for (;;) {
    std::array<std::uint8_t, 4> prefix{};
    if (read_at(bytes_, prefix) < prefix.size()) break;
    const std::size_t size = prefix[0] | std::size_t{prefix[1]} << 8U |
                             std::size_t{prefix[2]} << 16U | std::size_t{prefix[3]} << 24U;
    if (size > message_bytes_max) break;
    message.resize(size);
    if (read_at(bytes_ + prefix.size(), message) < size || !take(message)) break;
    bytes_ += prefix.size() + size;
  }
  if (::ftruncate(descriptor_, static_cast<off_t>(bytes_)) != 0 ||
      ::lseek(descriptor_, 0, SEEK_END) < 0)
    stop("cut");
}

void PartFile::begin_anew() {
  resumable_ = false;
  resume([](std::span<const std::uint8_t>) { return false; });
}

void PartFile::write(std::span<const std::uint8_t> message) {
  std::array<std::uint8_t, 4> prefix{};
  for (std::size_t i = 0; i < prefix.size(); ++i)
    prefix[i] = static_cast<std::uint8_t>(message.size() >> (8 * i));
  if (!write_all(descriptor_, prefix) || !write_all(descriptor_, message)) stop("write");
  bytes_ += prefix.size() + message.size();
}

void PartFile::sync() {
  if (::fsync(descriptor_) != 0) stop("sync");
}

void PartFile::finish() {
  sync();
  if (::rename(part_.c_str(), file_.c_str()) != 0) stop("rename");
  finished_ = true;
  const auto folder = std::filesystem::absolute(file_).parent_path();
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  errno = error;
  if (!synced) stop("sync the folder of");
}

void PartFile::stop(const char* verb) const {
  const bool full = errno == ENOSPC || errno == EIO;
  throw Stop{
      full ? exit_codes::input_output : exit_codes::cannot_create,
      fmt::format("Cannot {} {}: {}.", verb, text::printable(part_.string()), std::strerror(errno)),
      "Name a file in a folder with room, which you may write to."};
}

}  // namespace postern::cli
