// Large pages for what a replica of many users has in memory: a check looks at a few places
// anywhere among hundreds of megabytes, and with small pages waits for the processor's table of
// them too. Owned by the replica's thread. Whatever the kernel says, nothing but the speed changes.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "daemon/domain/tables.h"

namespace postern::client {

class ReplicaMemory {
 public:
  /// Notes where many entries lie; what was noted before is forgotten.
  void note(const domain::Tables<domain::Owned>& tables);
  /// Asks the kernel for large pages there, for so long; the rest is for the next turn.
  void turn(std::chrono::nanoseconds time);
  /// Pages to ask for.
  std::size_t left() const { return pages_.size(); }

 private:
  /// The last is the next.
  std::vector<std::uintptr_t> pages_;
};

}  // namespace postern::client
