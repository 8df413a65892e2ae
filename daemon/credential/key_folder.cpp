#include "daemon/credential/key_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "daemon/platform/retried.h"

namespace postern::credential {

namespace {

using platform::retried;

/// The failure `errno` tells of.
std::unexpected<Failure> failed(const char* attempt, const std::filesystem::path& path) {
  const int cause = errno;
  Failure failure{
      FailureKind::input_output,
      std::string("cannot ") + attempt + " '" + path.string() + "': " + std::strerror(cause),
      "check the disk and the file system that hold the key store"};
  if (cause == ENOENT || cause == ENOTDIR) {
    failure.kind = FailureKind::missing;
    failure.remedy = "restore the keys folder from a backup of the key store";
  }
  if (cause == EACCES || cause == EPERM) {
    failure.kind = FailureKind::not_permitted;
    failure.remedy = "run as the user that owns the key store";
  }
  return std::unexpected(std::move(failure));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  explicit operator bool() const { return number_ >= 0; }
  int number() const { return number_; }
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

/// Reads up to `out.size()` bytes, fewer only at the end of the file; -1 with `errno` on failure.
ssize_t read_fully(int descriptor, std::size_t offset, std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = retried([&] {
      return ::pread(descriptor, out.data() + done, out.size() - done,
                     static_cast<off_t>(offset + done));
    });
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

bool write_fully(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        retried([&] { return ::write(descriptor, bytes.data(), bytes.size()); });
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Expected<std::vector<std::string>> KeyFolder::list() const {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path_.c_str()), ::closedir);
  if (!folder) return failed("read the folder", path_);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  if (errno != 0) return failed("read the folder", path_);
  return names;
}

Expected<std::vector<std::byte>> KeyFolder::read(const std::string& name,
                                                 std::size_t size_max) const {
  const auto path = path_of(name);
  const Descriptor file(retried([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (!file) return failed("open", path);
  const off_t end = ::lseek(file.number(), 0, SEEK_END);
  if (end < 0) return failed("read", path);
  std::vector<std::byte> bytes(std::min(static_cast<std::size_t>(end), size_max + 1));
  const ssize_t got = read_fully(file.number(), 0, bytes);
  if (got < 0) return failed("read", path);
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

Expected<> KeyFolder::read_at(const std::string& name, std::size_t offset,
                              std::span<std::byte> out) const {
  const auto path = path_of(name);
  const Descriptor file(retried([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (!file) return failed("open", path);
  const ssize_t got = read_fully(file.number(), offset, out);
  if (got < 0) return failed("read", path);
  if (static_cast<std::size_t>(got) < out.size())
    return std::unexpected(Failure{FailureKind::damaged, "'" + path.string() + "' is cut short",
                                   "restore it from a backup"});
  return {};
}

Expected<> KeyFolder::write(const std::string& name, std::span<const std::byte> bytes) {
  const auto path = path_of(name);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed("replace", path);
  Descriptor file(
      retried([&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); }));
  if (!file) return failed("make", path);
  if (!write_fully(file.number(), bytes)) return failed("write", path);
  if (retried([&] { return ::fsync(file.number()); }) != 0) return failed("sync", path);
  if (!file.close()) return failed("close", path);
  return {};
}

Expected<> KeyFolder::rename(const std::string& from, const std::string& to) {
  if (::rename(path_of(from).c_str(), path_of(to).c_str()) != 0)
    return failed("rename a file to", path_of(to));
  return {};
}

Expected<> KeyFolder::remove(const std::string& name) {
  if (::unlink(path_of(name).c_str()) != 0) return failed("remove", path_of(name));
  return {};
}

Expected<> KeyFolder::sync() {
  const Descriptor folder(
      retried([&] { return ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!folder) return failed("open the folder", path_);
  if (retried([&] { return ::fsync(folder.number()); }) != 0)
    return failed("sync the folder", path_);
  return {};
}

}  // namespace postern::credential
