// The tree of a long run of records, hashed on a thread of its own while the caller reads on.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "daemon/journal/tree.h"

namespace postern::journal {

/// Owned by one thread, which appends and asks. Its own thread lives as long as it does. Holds two
/// batches of records, some 512 KiB, and a hash for each block.
class TreeBuilder {
 public:
  /// `blocks`: the roots of complete blocks that lie before what is appended.
  explicit TreeBuilder(std::vector<Hash> blocks = {});
  ~TreeBuilder();

  /// Copies the record.
  void append(View record);
  /// Over all that was appended; waits for it.
  const Tree& tree() { return built().tree; }
  /// The same, with the roots of all complete blocks.
  const BlockTree& built();

 private:
  struct Batch {
    Bytes bytes;
    std::vector<std::size_t> ends;
  };

  void hand_over();
  void work();

  Batch filling_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // The worker's while busy_, else the owner's.
  Batch working_;
  BlockTree built_;
  bool busy_ = false;
  bool stopping_ = false;
  std::thread worker_;
};

}  // namespace postern::journal
