// The system calls that LevelDB's Env has no word for.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/journal/journal.h"

namespace postern::journal {

/// The seam, beside LevelDB's Env, where tests put faults. Any thread. Each returns 0 or an errno.
class Disk {
 public:
  virtual ~Disk() = default;
  /// Makes the names in the folder durable.
  virtual int sync_folder(const std::string& folder);
  /// Overwrites in place, durably.
  virtual int write_synced(int descriptor, View bytes, std::uint64_t offset);

  static Disk& of_system();
};

}  // namespace postern::journal
