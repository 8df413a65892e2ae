// The tree of a long run of records, hashed on a thread of its own while the caller reads on.
#pragma once

#include <thread>
#include <vector>

#include "daemon/journal/record_batches.h"
#include "daemon/journal/tree.h"

namespace postern::journal {

/// Owned by one thread, which appends and asks. Its own thread lives as long as it does. Holds a
/// few batches of records and a hash for each block.
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
  void work();

  RecordBatch filling_;
  RecordBatches batches_;
  // The worker's while it is not done with all batches, else the owner's.
  BlockTree built_;
  std::thread worker_;
};

}  // namespace postern::journal
