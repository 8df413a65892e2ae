#include <bit>
#include <boost/algorithm/hex.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>

#include "daemon/journal/proof.h"
#include "daemon/journal/sha256.h"
#include "daemon/journal/tree.h"
#include "tests/support/journal_bytes.h"
#include "tests/support/memory_journal.h"
#include "tests/support/rfc9162.h"
#include "tests/support/temporary_folder.h"

namespace postern::journal {

using support::MemoryJournal;
using support::record_at;

namespace {

using Leaves = std::span<const Bytes>;

// RFC 6962, section 2.1, word for word: MTH, PATH, PROOF and SUBPROOF.
Hash tree_hash(Leaves leaves) {
  Sha256 hasher;
  if (leaves.empty()) return hasher.finish();
  if (leaves.size() == 1) return leaf_hash(leaves[0]);
  const std::size_t half = std::bit_floor(leaves.size() - 1);
  return node_hash(tree_hash(leaves.first(half)), tree_hash(leaves.subspan(half)));
}

Proof path(std::size_t index, Leaves leaves) {
  if (leaves.size() == 1) return {};
  const std::size_t half = std::bit_floor(leaves.size() - 1);
  const bool left = index < half;
  Proof proof = left ? path(index, leaves.first(half)) : path(index - half, leaves.subspan(half));
  proof.push_back(tree_hash(left ? leaves.subspan(half) : leaves.first(half)));
  return proof;
}

Proof subproof(std::size_t size, Leaves leaves, bool known) {
  if (size == leaves.size()) return known ? Proof{} : Proof{tree_hash(leaves)};
  const std::size_t half = std::bit_floor(leaves.size() - 1);
  const bool left = size <= half;
  Proof proof = left ? subproof(size, leaves.first(half), known)
                     : subproof(size - half, leaves.subspan(half), false);
  proof.push_back(tree_hash(left ? leaves.subspan(half) : leaves.first(half)));
  return proof;
}

std::string hex(const Hash& hash) {
  std::string text;
  const auto* bytes = reinterpret_cast<const unsigned char*>(hash.data());
  boost::algorithm::hex_lower(bytes, bytes + hash.size(), std::back_inserter(text));
  return text;
}

void fill(Journal& journal, const std::vector<Bytes>& records) {
  BOOST_REQUIRE(journal.append(journal.head().seq, support::views(records)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(proof_tests)

BOOST_AUTO_TEST_CASE(H6_proofs_are_those_of_the_rfc_for_every_size) {
  const auto records = support::records_from(1, 300);
  MemoryJournal journal;
  fill(journal, records);
  std::vector<Hash> roots;
  for (std::size_t size = 0; size <= records.size(); ++size)
    roots.push_back(tree_hash(Leaves(records).first(size)));
  std::size_t wrong = 0;
  for (std::size_t size = 0; size <= records.size(); ++size)
    wrong += *root_at(journal, size) != roots[size];
  // Every pair up to 80, then those at the edges, which keeps the definition's run short.
  for (std::size_t to = 1; to <= records.size(); ++to) {
    const Leaves leaves = Leaves(records).first(to);
    for (std::size_t from = 1; from <= to; from += to <= 80 || from + 2 >= to ? 1 : 7) {
      const auto consistency = consistency_proof(journal, from, to);
      wrong += *consistency != subproof(from, leaves, true);
      wrong += !proves_consistency(*consistency, {from, roots[from]}, {to, roots[to]});
      const auto inclusion = inclusion_proof(journal, from, to);
      wrong += *inclusion != path(from - 1, leaves);
      wrong += !proves_inclusion(*inclusion, from, leaf_hash(records[from - 1]), {to, roots[to]});
    }
  }
  BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_CASE(H6_proofs_stand_on_the_roots_of_blocks) {
  MemoryJournal journal;
  const std::uint64_t last = 3 * Tree::block_size + 100;
  const auto records = support::records_from(1, last);
  fill(journal, records);
  for (std::uint64_t index = 0; index < 3; ++index)
    BOOST_TEST((journal.block(index) ==
                tree_hash(Leaves(records).subspan(index * Tree::block_size, Tree::block_size))));
  const Head head = journal.head();
  BOOST_TEST((*root_at(journal, last) == head.root));
  for (const std::uint64_t from :
       {std::uint64_t{1}, Tree::block_size - 1, Tree::block_size, Tree::block_size + 1,
        2 * Tree::block_size, 2 * Tree::block_size + 4'095, 3 * Tree::block_size, last - 1, last}) {
    const auto root = root_at(journal, from);
    BOOST_TEST((*root == tree_hash(Leaves(records).first(from))));
    const auto consistency = consistency_proof(journal, from, last);
    BOOST_TEST((*consistency == subproof(from, records, true)));
    BOOST_TEST(proves_consistency(*consistency, {from, *root}, head));
    const auto inclusion = inclusion_proof(journal, from, last);
    BOOST_TEST((*inclusion == path(from - 1, records)));
    BOOST_TEST(proves_inclusion(*inclusion, from, leaf_hash(record_at(from)), head));
  }
}

BOOST_AUTO_TEST_CASE(H6_proofs_around_powers_of_two_convince_the_verifier_of_rfc_9162) {
  namespace rfc = support::rfc9162;
  const auto records = support::records_from(1, 2 * Tree::block_size + 2);
  MemoryJournal journal;
  fill(journal, records);
  std::vector<rfc::Hash> leaves;
  for (const Bytes& record : records)
    leaves.push_back(
        rfc::leaf_hash({reinterpret_cast<const std::uint8_t*>(record.data()), record.size()}));
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t power = 1; power <= 2 * Tree::block_size; power *= 2)
    for (const std::uint64_t size : {power - 1, power, power + 1})
      if (size > 0 && (sizes.empty() || size > sizes.back())) sizes.push_back(size);
  std::vector<rfc::Hash> roots;
  for (const std::uint64_t size : sizes)
    roots.push_back(rfc::tree_head(std::span(leaves).first(size)));
  const auto plain = [](const Proof& proof) {
    std::vector<rfc::Hash> hashes(proof.size());
    if (!proof.empty()) std::memcpy(hashes.data(), proof.data(), proof.size() * sizeof(Hash));
    return hashes;
  };
  std::size_t wrong = 0;
  for (std::size_t to = 0; to < sizes.size(); ++to) {
    for (std::size_t from = 0; from <= to; ++from) {
      const auto extends = plain(*consistency_proof(journal, sizes[from], sizes[to]));
      wrong += !rfc::verify_consistency(sizes[from], sizes[to], roots[from], roots[to], extends);
      const auto holds = plain(*inclusion_proof(journal, sizes[from], sizes[to]));
      const rfc::Hash& leaf = leaves[sizes[from] - 1];
      wrong += !rfc::verify_inclusion(sizes[from] - 1, sizes[to], leaf, holds, roots[to]);
      if (from == to) continue;
      wrong += rfc::verify_consistency(sizes[from], sizes[to], roots[to], roots[to], extends);
      wrong += rfc::verify_inclusion(sizes[from], sizes[to], leaf, holds, roots[to]);
    }
  }
  BOOST_TEST(sizes.size() == 38U);
  BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_CASE(H7_of_random_proofs_ours_and_the_independent_verifier_say_the_same) {
  constexpr std::size_t size_max = 70;
  constexpr int proofs = 100'000;
  const auto records = support::records_from(1, size_max);
  MemoryJournal journal;
  fill(journal, records);
  std::mt19937_64 random(7);
  const support::TemporaryFolder folder;
  std::ofstream file(folder.path() / "proofs", std::ios::binary);
  int proved = 0;
  for (int count = 0; count < proofs; ++count) {
    std::uint64_t size = 1 + random() % size_max;
    std::uint64_t seq = 1 + random() % size;
    Hash root = *root_at(journal, size);
    Hash leaf = leaf_hash(records[seq - 1]);
    Proof proof = *inclusion_proof(journal, seq, size);
    switch (random() % 10) {
      case 0:
        root[random() % root.size()] ^= std::byte{1};
        break;
      case 1:
        leaf[random() % leaf.size()] ^= std::byte{1};
        break;
      case 2:
        seq = 1 + random() % size;
        break;
      case 3:
        size = seq + random() % size_max;
        break;
      case 4:
        if (!proof.empty()) proof[random() % proof.size()] = root;
        break;
      case 5:
        if (!proof.empty()) proof.erase(proof.begin() + random() % proof.size());
        break;
      case 6:
        proof.insert(proof.begin() + random() % (proof.size() + 1), leaf);
        break;
      default:
        break;
    }
    const bool proves = proves_inclusion(proof, seq, leaf, {size, root});
    proved += proves;
    // One line each: what is claimed, and what we say of it.
    file << proves << ' ' << seq - 1 << ' ' << size << ' ' << hex(leaf) << ' ' << hex(root);
    for (const Hash& hash : proof) file << ' ' << hex(hash);
    file << '\n';
  }
  file.close();
  BOOST_TEST(proved > proofs / 4);
  BOOST_TEST(proved < proofs);
  const std::string line = "python3 -B " POSTERN_SOURCE "/tests/unit/journal/proofs.py " +
                           (folder.path() / "proofs").native();
  BOOST_TEST(std::system(line.c_str()) == 0);
}

BOOST_AUTO_TEST_CASE(H6_a_changed_proof_root_size_or_leaf_proves_nothing) {
  MemoryJournal journal;
  fill(journal, support::records_from(1, 53));
  const Head head = journal.head();
  const Head from{22, *root_at(journal, 22)};
  Proof proof = *consistency_proof(journal, from.seq, head.seq);
  BOOST_REQUIRE(proves_consistency(proof, from, head));
  const auto flip = [](Hash& hash) { hash[7] ^= std::byte{1}; };
  for (Hash& hash : proof) {
    flip(hash);
    BOOST_TEST(!proves_consistency(proof, from, head));
    flip(hash);
  }
  for (Head other : {from, head}) {
    flip(other.root);
    BOOST_TEST(!proves_consistency(proof, other.seq == from.seq ? other : from,
                                   other.seq == head.seq ? other : head));
  }
  for (std::uint64_t seq = 0; seq <= 70; ++seq) {
    if (seq != from.seq) BOOST_TEST(!proves_consistency(proof, {seq, from.root}, head));
    // Up to 64 the tree has the same shape along this path; there the signature binds the size.
    if (seq <= 32) BOOST_TEST(!proves_consistency(proof, from, {seq, head.root}));
  }
  Proof longer = proof;
  longer.push_back(proof.back());
  BOOST_TEST(!proves_consistency(longer, from, head));
  BOOST_TEST(!proves_consistency(std::span(proof).first(proof.size() - 1), from, head));
  BOOST_TEST(!proves_consistency({}, from, head));
  BOOST_TEST(!proves_consistency({}, {head.seq, from.root}, head));

  Proof inclusion = *inclusion_proof(journal, 22, head.seq);
  const Hash leaf = leaf_hash(record_at(22));
  BOOST_REQUIRE(proves_inclusion(inclusion, 22, leaf, head));
  BOOST_TEST(!proves_inclusion(inclusion, 21, leaf, head));
  BOOST_TEST(!proves_inclusion(inclusion, 22, leaf_hash(record_at(21)), head));
  BOOST_TEST(!proves_inclusion(inclusion, 0, leaf, head));
  BOOST_TEST(!proves_inclusion(inclusion, 54, leaf, head));
  flip(inclusion[2]);
  BOOST_TEST(!proves_inclusion(inclusion, 22, leaf, head));
}

BOOST_AUTO_TEST_CASE(H6_a_rewritten_past_is_not_extended) {
  MemoryJournal journal;
  MemoryJournal rewritten;
  auto records = support::records_from(1, 40);
  fill(journal, records);
  records[4] = support::bytes_of("another past");
  fill(rewritten, records);
  const Head seen{20, *root_at(journal, 20)};
  for (std::uint64_t to = 20; to <= 40; ++to)
    BOOST_TEST(!proves_consistency(*consistency_proof(rewritten, 20, to), seen,
                                   {to, *root_at(rewritten, to)}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
