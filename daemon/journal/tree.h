// The RFC 6962 Merkle tree (section 2.1, SHA-256) over the stored bytes of the records.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "daemon/journal/journal.h"

namespace postern::journal {

/// A leaf's hash: SHA-256 of 0x00 and the stored bytes. Any thread.
Hash leaf_hash(View record);

/// An inner node's hash: SHA-256 of 0x01 and its two children. Any thread.
Hash node_hash(const Hash& left, const Hash& right);

/// A tree that grows at its right end and remembers only what its root needs: the roots of its
/// complete subtrees. A value: copy it to try out what may fail. 2 KiB, whatever its size.
class Tree {
 public:
  /// Level of the complete subtrees whose roots are kept for proofs: 4,096 records each.
  static constexpr std::size_t block_level = 12;
  static constexpr std::uint64_t block_size = std::uint64_t{1} << block_level;

  /// Over complete blocks, by their roots.
  static Tree of_blocks(std::span<const Hash> roots);

  void append(View record);

  std::uint64_t size() const { return size_; }
  /// Of the empty tree: the hash of nothing.
  Hash root() const;
  /// Root of the block that the newest record completed; `size()` is a multiple of `block_size`.
  const Hash& block() const { return block_; }

 private:
  /// The complete subtree at `level` that ends behind the newest leaf.
  void add(std::size_t level, Hash hash);

  std::uint64_t size_ = 0;
  Hash block_{};
  // peaks_[i] is the root of a complete subtree of 2^i leaves, where bit i of size_ is set.
  std::array<Hash, 64> peaks_;
};

/// A tree, and the roots of the blocks that were completed in it, in order.
struct BlockTree {
  Tree tree;
  std::vector<Hash> blocks;

  void append(View record);
};

}  // namespace postern::journal
