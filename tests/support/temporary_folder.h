// A folder of a test's own.
#pragma once

#include <filesystem>

namespace postern::support {

/// Made empty, in memory where the system has such a place, or where POSTERN_TEST_FOLDER says;
/// removed with all in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Who may do what with it: 0600, say.
inline unsigned mode_of(const std::filesystem::path& path) {
  return static_cast<unsigned>(std::filesystem::status(path).permissions()) & 0777U;
}

}  // namespace postern::support
