#include "daemon/journal/tree.h"

#include <algorithm>
#include <bit>

#include "daemon/journal/sha256.h"

namespace postern::journal {

namespace {

constexpr std::byte leaf_prefix{0};
constexpr std::byte node_prefix{1};

Sha256& hasher() {
  thread_local Sha256 of_this_thread;
  return of_this_thread;
}

}  // namespace

Hash leaf_hash(View record) { return hasher().add({&leaf_prefix, 1}).add(record).finish(); }

Hash node_hash(const Hash& left, const Hash& right) {
  std::array<std::byte, 1 + sizeof(Hash) * 2> bytes;
  bytes[0] = node_prefix;
  std::ranges::copy(right, std::ranges::copy(left, bytes.begin() + 1).out);
  return hasher().add(bytes).finish();
}

Tree Tree::of_blocks(std::span<const Hash> roots) {
  Tree tree;
  for (const Hash& root : roots) tree.add(block_level, root);
  return tree;
}

void Tree::append(View record) { add(0, leaf_hash(record)); }

void Tree::add(std::size_t level, Hash hash) {
  const std::uint64_t grown = size_ + (std::uint64_t{1} << level);
  for (; (size_ >> level & 1) != 0; ++level) {
    if (level == block_level) block_ = hash;
    hash = node_hash(peaks_[level], hash);
  }
  if (level == block_level) block_ = hash;
  peaks_[level] = hash;
  size_ = grown;
}

Hash Tree::root() const {
  if (size_ == 0) return hasher().finish();
  auto level = static_cast<std::size_t>(std::countr_zero(size_));
  Hash hash = peaks_[level];
  for (++level; level < peaks_.size(); ++level)
    if ((size_ >> level & 1) != 0) hash = node_hash(peaks_[level], hash);
  return hash;
}

void BlockTree::append(View record) {
  tree.append(record);
  if (tree.size() % Tree::block_size == 0) blocks.push_back(tree.block());
}

}  // namespace postern::journal
