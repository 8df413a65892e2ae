#include "daemon/journal/leveldb/disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/platform/descriptor.h"
#include "daemon/platform/retried.h"

namespace postern::journal {

int Disk::sync_folder(const std::string& folder) {
  const platform::Descriptor opened(platform::retried(
      [&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!opened.valid()) return errno;
  return platform::retried([&] { return ::fsync(opened.number()); }) == 0 ? 0 : errno;
}

int Disk::write_synced(int descriptor, View bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = platform::retried([&] {
      return ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    });
    if (written < 0) return errno;
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return platform::retried([&] { return ::fdatasync(descriptor); }) == 0 ? 0 : errno;
}

Disk& Disk::of_system() {
  static Disk disk;
  return disk;
}

}  // namespace postern::journal
