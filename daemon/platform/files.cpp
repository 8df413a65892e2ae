#include "daemon/platform/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstdio>

#include "daemon/platform/retried.h"
#include "daemon/platform/system_failure.h"

namespace postern::platform {

namespace {

std::unexpected<Failure> failed(std::string_view verb, const std::filesystem::path& path) {
  const int error = errno;
  return std::unexpected(system_failure(std::string(verb) + " " + printable_path(path), error));
}

/// What it makes is for its owner alone.
Descriptor open_file(const std::filesystem::path& path, int flags) {
  return Descriptor(retried([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0600); }));
}

Expected<> write_all(int descriptor, std::span<const std::byte> bytes,
                     const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written =
        retried([&] { return ::write(descriptor, bytes.data(), bytes.size()); });
    if (written < 0) return failed("write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Failure not_a_small_file(const std::filesystem::path& path, std::size_t bytes_max) {
  return {FailureKind::configuration,
          printable_path(path) + " is not a regular file of at most " + std::to_string(bytes_max) +
              " bytes",
          "check that it is the file you mean"};
}

}  // namespace

std::string printable_path(const std::filesystem::path& path) {
  return printable(path.native(), 4096);
}

Expected<std::uint64_t> free_bytes(const std::filesystem::path& path) {
  struct statvfs disk {};
  if (::statvfs(path.c_str(), &disk) != 0) return failed("look at the disk of", path);
  return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

Expected<std::vector<std::byte>> read_file(const std::filesystem::path& path,
                                           std::size_t bytes_max) {
  // Without O_NONBLOCK a named pipe would hold us here.
  const Descriptor file = open_file(path, O_RDONLY | O_NONBLOCK);
  if (!file.valid()) return failed("read", path);
  struct stat about {};
  if (::fstat(file.number(), &about) != 0) return failed("look at", path);
  const auto size = static_cast<std::size_t>(about.st_size);
  if (!S_ISREG(about.st_mode) || size > bytes_max)
    return std::unexpected(not_a_small_file(path, bytes_max));

  std::vector<std::byte> bytes(size);
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got =
        retried([&] { return ::read(file.number(), bytes.data() + filled, size - filled); });
    if (got < 0) return failed("read", path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

Expected<> write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  auto file = NewFile::create(path);
  if (!file) return std::unexpected(file.error());
  if (auto written = file->write(bytes); !written) return written;
  return file->put_in_place();
}

Expected<> write_synced(const Descriptor& file, std::span<const std::byte> bytes,
                        const std::filesystem::path& path) {
  if (auto written = write_all(file.number(), bytes, path); !written) return written;
  if (retried([&] { return ::fsync(file.number()); }) != 0) return failed("sync", path);
  return {};
}

Expected<NewFile> NewFile::create(const std::filesystem::path& path) {
  auto fresh = path;
  fresh += ".new";
  // What a crash left; it was never the file.
  if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) return failed("remove", fresh);
  Descriptor file = open_file(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  if (!file.valid()) return failed("create", fresh);
  return NewFile(path, std::move(fresh), std::move(file));
}

NewFile::~NewFile() {
  if (file_.valid()) ::unlink(fresh_.c_str());
}

Expected<> NewFile::write(std::span<const std::byte> bytes) {
  return write_all(file_.number(), bytes, fresh_);
}

Expected<> NewFile::sync() {
  if (retried([&] { return ::fsync(file_.number()); }) != 0) return failed("sync", fresh_);
  return {};
}

Expected<> NewFile::put_in_place() {
  if (auto synced = sync(); !synced) return synced;
  if (std::rename(fresh_.c_str(), path_.c_str()) != 0) return failed("replace", path_);
  if (::close(file_.release()) != 0) return failed("close", path_);
  return sync_folder(path_.has_parent_path() ? path_.parent_path() : ".");
}

Expected<OldFile> OldFile::open(const std::filesystem::path& path) {
  // Without O_NONBLOCK a named pipe would hold us here.
  Descriptor file = open_file(path, O_RDONLY | O_NONBLOCK);
  if (!file.valid()) return failed("read", path);
  struct stat about {};
  if (::fstat(file.number(), &about) != 0) return failed("look at", path);
  if (!S_ISREG(about.st_mode))
    return std::unexpected(Failure{FailureKind::configuration,
                                   printable_path(path) + " is not a regular file",
                                   "check that it is the file you mean"});
  return OldFile(path, std::move(file), static_cast<std::uint64_t>(about.st_size));
}

Expected<> OldFile::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t got = retried([&] {
      return ::pread(file_.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    });
    if (got < 0) return failed("read", path_);
    if (got == 0)
      return std::unexpected(Failure{FailureKind::damaged,
                                     printable_path(path_) + " ends too early",
                                     "put it back from a copy"});
    bytes = bytes.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

Expected<> rename_synced(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) return failed("replace", to);
  return sync_folder(to.has_parent_path() ? to.parent_path() : ".");
}

Expected<> sync_folder(const std::filesystem::path& folder) {
  const Descriptor opened = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!opened.valid()) return failed("open folder", folder);
  if (retried([&] { return ::fsync(opened.number()); }) != 0) return failed("sync folder", folder);
  return {};
}

Expected<> make_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return failed("make the folder", folder);
  }
  return sync_folder(folder.has_parent_path() ? folder.parent_path() : ".");
}

}  // namespace postern::platform
