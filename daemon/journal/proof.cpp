#include "daemon/journal/proof.h"

#include <bit>

#include "daemon/journal/tree.h"
#include "daemon/platform/require.h"

namespace postern::journal {

namespace {

/// Where the RFC splits a tree of two leaves or more.
std::uint64_t left_size(std::uint64_t size) { return std::bit_floor(size - 1); }

Failure ended_early(std::uint64_t seq) {
  return {FailureKind::damaged,
          "the journal is damaged: record " + std::to_string(seq) + " is missing",
          "restore the newest backup; keep the damaged folder for inquiry"};
}

/// MTH(D[start : start + count]). Each such range of the RFC starts at a multiple of the power of
/// two that is not below its size, so a block is never cut.
Expected<Hash> range_root(const Journal& journal, std::uint64_t start, std::uint64_t count) {
  if (count == Tree::block_size) return journal.block(start / Tree::block_size);
  if (count > Tree::block_size) {
    const std::uint64_t half = left_size(count);
    const auto left = range_root(journal, start, half);
    if (!left) return left;
    const auto right = range_root(journal, start + half, count - half);
    if (!right) return right;
    return node_hash(*left, *right);
  }
  Tree tree;
  if (count == 0) return tree.root();
  const auto cursor = journal.read_from(start + 1);
  for (std::uint64_t index = 0; index < count; ++index) {
    const auto record = cursor->next();
    if (!record) return std::unexpected(record.error());
    if (record->empty()) return std::unexpected(ended_early(start + index + 1));
    tree.append(*record);
  }
  return tree.root();
}

/// Walks from the whole tree down, gathering the roots of what it leaves aside; `goes_left` says
/// which half it enters at a split.
template <class Ends, class GoesLeft>
Expected<Proof> gather(const Journal& journal, std::uint64_t size, const Ends& ends,
                       const GoesLeft& goes_left) {
  Proof downwards;
  std::uint64_t start = 0;
  while (!ends(start, size)) {
    const std::uint64_t half = left_size(size);
    const bool left = goes_left(start + half);
    const auto aside =
        left ? range_root(journal, start + half, size - half) : range_root(journal, start, half);
    if (!aside) return std::unexpected(aside.error());
    downwards.push_back(*aside);
    if (!left) start += half;
    size = left ? half : size - half;
  }
  return Proof(downwards.rbegin(), downwards.rend());
}

}  // namespace

Expected<Hash> root_at(const Journal& journal, std::uint64_t size) {
  require(size <= journal.head().seq);
  return range_root(journal, 0, size);
}

Expected<Proof> inclusion_proof(const Journal& journal, std::uint64_t seq, std::uint64_t size) {
  require(seq >= 1 && seq <= size && size <= journal.head().seq);
  return gather(
      journal, size, [](std::uint64_t, std::uint64_t count) { return count == 1; },
      [seq](std::uint64_t middle) { return seq <= middle; });
}

Expected<Proof> consistency_proof(const Journal& journal, std::uint64_t from, std::uint64_t to) {
  require(from >= 1 && from <= to && to <= journal.head().seq);
  // The walk ends at the last complete subtree of the earlier tree. If that is the whole of it, its
  // root is known to whoever asks.
  std::uint64_t end_start = 0;
  std::uint64_t end_size = 0;
  auto proof = gather(
      journal, to,
      [&](std::uint64_t start, std::uint64_t size) {
        if (start + size != from) return false;
        end_start = start;
        end_size = size;
        return true;
      },
      [from](std::uint64_t middle) { return from <= middle; });
  if (!proof || end_start == 0) return proof;
  const auto end = range_root(journal, end_start, end_size);
  if (!end) return std::unexpected(end.error());
  proof->insert(proof->begin(), *end);
  return proof;
}

bool proves_inclusion(std::span<const Hash> proof, std::uint64_t seq, const Hash& leaf,
                      const Head& tree) {
  if (seq == 0 || seq > tree.seq) return false;
  std::uint64_t index = seq - 1;
  std::uint64_t last = tree.seq - 1;
  Hash root = leaf;
  for (const Hash& aside : proof) {
    if (last == 0) return false;
    if (index % 2 == 1 || index == last) {
      root = node_hash(aside, root);
      // A last node without a right neighbour rises as it is.
      while (index % 2 == 0 && index != 0) {
        index /= 2;
        last /= 2;
      }
    } else {
      root = node_hash(root, aside);
    }
    index /= 2;
    last /= 2;
  }
  return last == 0 && root == tree.root;
}

bool proves_consistency(std::span<const Hash> proof, const Head& from, const Head& to) {
  if (from.seq == 0 || from.seq > to.seq) return false;
  if (from.seq == to.seq) return proof.empty() && from.root == to.root;
  std::uint64_t index = from.seq - 1;
  std::uint64_t last = to.seq - 1;
  while (index % 2 == 1) {
    index /= 2;
    last /= 2;
  }
  // Index 0: the earlier tree is complete, and its root begins the proof unsaid.
  Hash earlier = from.root;
  if (index != 0) {
    if (proof.empty()) return false;
    earlier = proof.front();
    proof = proof.subspan(1);
  }
  Hash later = earlier;
  for (const Hash& aside : proof) {
    if (last == 0) return false;
    if (index % 2 == 1 || index == last) {
      earlier = node_hash(aside, earlier);
      later = node_hash(aside, later);
      while (index % 2 == 0 && index != 0) {
        index /= 2;
        last /= 2;
      }
    } else {
      later = node_hash(later, aside);
    }
    index /= 2;
    last /= 2;
  }
  return last == 0 && earlier == from.root && later == to.root;
}

}  // namespace postern::journal
