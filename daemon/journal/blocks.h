// The roots of the tree's complete blocks, from the thread that appends to all that prove.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "daemon/journal/tree.h"
#include "daemon/platform/require.h"

namespace postern::journal {

/// Any thread. 32 bytes for 4,096 records: 8 KiB for a million.
class Blocks {
 public:
  explicit Blocks(std::vector<Hash> roots = {}) : roots_(std::move(roots)) {}

  void add(const std::vector<Hash>& roots) {
    if (roots.empty()) return;
    const std::lock_guard lock(mutex_);
    roots_.insert(roots_.end(), roots.begin(), roots.end());
  }

  Hash at(std::uint64_t index) const {
    const std::lock_guard lock(mutex_);
    require(index < roots_.size());
    return roots_[index];
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Hash> roots_;
};

}  // namespace postern::journal
