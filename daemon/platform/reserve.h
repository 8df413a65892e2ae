// Space kept back on a disk, for what must still be written once the disk runs full: a database
// that tidies up, a start, a stop. One thread at a time. What is held is a file of that size.
#pragma once

#include <cstdint>
#include <filesystem>

#include "daemon/platform/failure.h"

namespace postern::platform {

class Reserve {
 public:
  /// Takes nothing yet; what an earlier process held is held.
  Reserve(std::filesystem::path file, std::uint64_t bytes)
      : file_(std::move(file)), bytes_(bytes) {}

  /// Bytes that may be used on its disk. What the reserve is going to take back is not free.
  Expected<std::uint64_t> free() const;

  /// Takes the space for good: no hole in a file that a later write would fill. Nothing to do if
  /// it is held.
  Expected<> hold();
  /// Gives it to whoever writes. Nothing to do if it is not held.
  Expected<> give_up();

 private:
  Expected<std::uint64_t> held_bytes() const;

  std::filesystem::path file_;
  std::uint64_t bytes_;
};

}  // namespace postern::platform
