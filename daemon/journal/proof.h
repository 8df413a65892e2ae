// Proofs over the journal's tree (RFC 6962, 2.1): that a record is in it, and that a later tree
// extends an earlier one.
// Thread: any. Failure: what reading the journal fails with. Limits: a proof hashes at most some
// 8,000 records again; the rest comes from the roots of blocks.
#pragma once

#include <span>
#include <vector>

#include "daemon/journal/journal.h"

namespace postern::journal {

/// The shortest first, as the RFC lists them; 64 hashes at most.
using Proof = std::vector<Hash>;

/// Root over the first `size` records, at most the head's seq.
Expected<Hash> root_at(const Journal& journal, std::uint64_t size);

/// PATH(seq - 1, D[size]); 1 <= seq <= size <= the head's seq.
Expected<Proof> inclusion_proof(const Journal& journal, std::uint64_t seq, std::uint64_t size);

/// PROOF(from, D[to]); 1 <= from <= to <= the head's seq. Empty where they are equal.
Expected<Proof> consistency_proof(const Journal& journal, std::uint64_t from, std::uint64_t to);

/// `leaf` is the leaf's hash of record `seq`. False too for a seq that is not in the tree.
bool proves_inclusion(std::span<const Hash> proof, std::uint64_t seq, const Hash& leaf,
                      const Head& tree);

/// The root over the first `seq` records alone, which a proof of the last of them in a larger tree
/// leads to as well. For a proof that was found to prove that.
Hash root_up_to(std::span<const Hash> proof, std::uint64_t seq, const Hash& leaf,
                std::uint64_t size);

/// False too if `from` is empty or the larger one.
bool proves_consistency(std::span<const Hash> proof, const Head& from, const Head& to);

}  // namespace postern::journal
