#include "daemon/platform/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstdio>

#include "daemon/platform/descriptor.h"
#include "daemon/platform/system_failure.h"

namespace postern::platform {

namespace {

std::unexpected<Failure> failed(std::string_view verb, const std::filesystem::path& path) {
  const int error = errno;
  return std::unexpected(
      system_failure(std::string(verb) + " " + printable(path.native(), 4096), error));
}

Expected<> write_all(int descriptor, std::span<const std::byte> bytes,
                     const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Expected<> write_new(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return failed("create", path);
  if (auto written = write_all(file.number(), bytes, path); !written) return written;
  if (::fsync(file.number()) != 0) return failed("sync", path);
  if (::close(file.release()) != 0) return failed("close", path);
  return {};
}

Expected<> sync_folder(const std::filesystem::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.valid()) return failed("open folder", folder);
  if (::fsync(opened.number()) != 0) return failed("sync folder", folder);
  return {};
}

Failure not_a_small_file(const std::filesystem::path& path, std::size_t bytes_max) {
  return {FailureKind::configuration,
          printable(path.native(), 4096) + " is not a regular file of at most " +
              std::to_string(bytes_max) + " bytes",
          "check that it is the file you mean"};
}

}  // namespace

Expected<std::uint64_t> free_bytes(const std::filesystem::path& path) {
  struct statvfs disk {};
  if (::statvfs(path.c_str(), &disk) != 0) return failed("look at the disk of", path);
  return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

Expected<std::vector<std::byte>> read_file(const std::filesystem::path& path,
                                           std::size_t bytes_max) {
  // Without O_NONBLOCK a named pipe would hold us here.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return failed("read", path);
  struct stat about {};
  if (::fstat(file.number(), &about) != 0) return failed("look at", path);
  const auto size = static_cast<std::size_t>(about.st_size);
  if (!S_ISREG(about.st_mode) || size > bytes_max)
    return std::unexpected(not_a_small_file(path, bytes_max));

  std::vector<std::byte> bytes(size);
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = ::read(file.number(), bytes.data() + filled, size - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

Expected<> write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  auto fresh = path;
  fresh += ".new";
  // What a crash left; it was never the file.
  if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) return failed("remove", fresh);
  auto written = write_new(fresh, bytes);
  if (written && std::rename(fresh.c_str(), path.c_str()) != 0) written = failed("replace", path);
  if (!written) {
    ::unlink(fresh.c_str());
    return written;
  }
  return sync_folder(path.has_parent_path() ? path.parent_path() : ".");
}

}  // namespace postern::platform
