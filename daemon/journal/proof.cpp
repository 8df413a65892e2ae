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

/// A node of one level of the tree, and the last one of that level.
struct NodePlace {
  std::uint64_t index = 0;
  std::uint64_t last = 0;

  void rise() {
    index /= 2;
    last /= 2;
  }
};

enum class Side : std::uint8_t { left, right };

/// The steps up from a node that a proof consists of (RFC 9162, 2.1.3.2). False: they are not as
/// many as there are levels.
template <class OnStep>
bool walk_up(std::span<const Hash> proof, NodePlace place, OnStep on_step) {
  for (const Hash& aside : proof) {
    if (place.last == 0) return false;
    const bool is_left = place.index % 2 == 1 || place.index == place.last;
    on_step(aside, is_left ? Side::left : Side::right);
    // A last node without a right neighbour rises as it is.
    while (is_left && place.index % 2 == 0 && place.index != 0) place.rise();
    place.rise();
  }
  return place.last == 0;
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
  Hash root = leaf;
  const bool fits = walk_up(proof, {seq - 1, tree.seq - 1}, [&](const Hash& aside, Side side) {
    root = side == Side::left ? node_hash(aside, root) : node_hash(root, aside);
  });
  return fits && root == tree.root;
}

Hash root_up_to(std::span<const Hash> proof, std::uint64_t seq, const Hash& leaf,
                std::uint64_t size) {
  Hash root = leaf;
  // What stands to the left are the complete trees before the last record.
  walk_up(proof, {seq - 1, size - 1}, [&](const Hash& aside, Side side) {
    if (side == Side::left) root = node_hash(aside, root);
  });
  return root;
}

bool proves_consistency(std::span<const Hash> proof, const Head& from, const Head& to) {
  if (from.seq == 0 || from.seq > to.seq) return false;
  if (from.seq == to.seq) return proof.empty() && from.root == to.root;
  NodePlace place{from.seq - 1, to.seq - 1};
  while (place.index % 2 == 1) place.rise();
  // Index 0: the earlier tree is complete, and its root begins the proof unsaid.
  Hash earlier = from.root;
  if (place.index != 0) {
    if (proof.empty()) return false;
    earlier = proof.front();
    proof = proof.subspan(1);
  }
  Hash later = earlier;
  const bool fits = walk_up(proof, place, [&](const Hash& aside, Side side) {
    if (side == Side::left) earlier = node_hash(aside, earlier);
    later = side == Side::left ? node_hash(aside, later) : node_hash(later, aside);
  });
  return fits && earlier == from.root && later == to.root;
}

}  // namespace postern::journal
