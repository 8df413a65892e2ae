#include "tests/support/temporary_folder.h"

#include <stdlib.h>

#include <string>

#include "daemon/platform/require.h"

namespace postern::support {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  const char* const named = std::getenv("POSTERN_TEST_FOLDER");
  const fs::path in_memory = named != nullptr ? named : "/dev/shm";
  const fs::path parent = fs::is_directory(in_memory) ? in_memory : fs::temp_directory_path();
  std::string name = (parent / "postern-test-XXXXXX").native();
  require(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

}  // namespace postern::support
