// One process for each data folder.
#pragma once

#include <filesystem>

#include "daemon/platform/descriptor.h"
#include "daemon/platform/failure.h"

namespace postern::platform {

/// Held from `take` to destruction; the kernel lets go if the process dies. Move-only.
/// The file `lock` in the folder stays: removing it would let two hold "it".
class FolderLock {
 public:
  /// Fails with `in_use`, naming the holder's process id, if another process (or this one) holds
  /// it.
  static Expected<FolderLock> take(const std::filesystem::path& folder);

  /// For who only reads: nobody can `take` it meanwhile, several may share it. Fails likewise.
  /// Writes nothing; where there is no file `lock`, nobody takes it, and nothing is held.
  static Expected<FolderLock> share(const std::filesystem::path& folder);

 private:
  static Expected<FolderLock> lock(Descriptor file, int operation,
                                   const std::filesystem::path& folder);

  explicit FolderLock(Descriptor file) : file_(std::move(file)) {}

  Descriptor file_;
};

}  // namespace postern::platform
