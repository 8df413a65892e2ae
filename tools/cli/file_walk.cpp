#include "tools/cli/file_walk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace postern::cli {
namespace {

namespace fs = std::filesystem;

constexpr int common_flags = O_RDONLY | O_CLOEXEC | O_NOCTTY;

/// An opened file, closed at the end.
class Opened {
 public:
  Opened(const fs::path& path, int flags) : descriptor_(::open(path.c_str(), flags)) {}
  ~Opened() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

  int descriptor() const { return descriptor_; }
  /// What it is, which is not always what its name was a moment ago.
  mode_t kind() const {
    struct stat found {};
    return ::fstat(descriptor_, &found) == 0 ? found.st_mode & S_IFMT : 0;
  }

 private:
  int descriptor_;
};

void walk_folder(const fs::path& folder, const FileWalk& walk);

/// A link is no file here, and whoever waits at a pipe is not met.
void walk_entry(const fs::path& path, fs::file_type type, const FileWalk& walk) {
  if (type == fs::file_type::directory || type == fs::file_type::regular) walk.name(path);
  if (type == fs::file_type::directory) return walk_folder(path, walk);
  if (type != fs::file_type::regular) return;
  const Opened opened(path, common_flags | O_NOFOLLOW | O_NONBLOCK);
  if (opened.descriptor() < 0)
    walk.trouble(path, errno);
  else if (opened.kind() == S_IFREG)
    walk.file(path, opened.descriptor());
}

void walk_folder(const fs::path& folder, const FileWalk& walk) {
  std::error_code error;
  std::vector<std::pair<fs::path, fs::file_type>> entries;
  fs::directory_iterator listed(folder, error);
  for (; !error && listed != fs::directory_iterator(); listed.increment(error)) {
    std::error_code gone;
    entries.emplace_back(listed->path(), listed->symlink_status(gone).type());
  }
  if (error) walk.trouble(folder, error.value());
  std::ranges::sort(entries);
  for (const auto& [path, type] : entries) walk_entry(path, type, walk);
}

}  // namespace

void walk_files(const fs::path& path, const FileWalk& walk) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return walk.trouble(path, errno);
  walk.name(path);
  if (S_ISDIR(found.st_mode)) return walk_folder(path, walk);
  const Opened opened(path, common_flags);
  if (opened.descriptor() < 0)
    walk.trouble(path, errno);
  else
    walk.file(path, opened.descriptor());
}

}  // namespace postern::cli
