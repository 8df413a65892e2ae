#include <array>
#include <bit>
#include <boost/test/unit_test.hpp>
#include <string_view>

#include "daemon/journal/sha256.h"
#include "daemon/journal/tree.h"
#include "tests/support/journal_bytes.h"

namespace postern::journal {

using support::hex;
using support::record_at;
using support::records_from;

namespace {

Bytes from_hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return bytes;
}

// RFC 6962, section 2.1, word for word.
Hash definition(std::span<const Bytes> leaves) {
  Sha256 hasher;
  if (leaves.empty()) return hasher.finish();
  constexpr std::array zero{std::byte{0}};
  constexpr std::array one{std::byte{1}};
  if (leaves.size() == 1) return hasher.add(zero).add(leaves[0]).finish();
  const std::size_t half = std::bit_floor(leaves.size() - 1);
  const Hash left = definition(leaves.first(half));
  const Hash right = definition(leaves.subspan(half));
  return hasher.add(one).add(left).add(right).finish();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tree_tests)

// The vectors of the Certificate Transparency project's own tests.
BOOST_AUTO_TEST_CASE(known_answers) {
  constexpr std::array leaves{"",
                              "00",
                              "10",
                              "2021",
                              "3031",
                              "40414243",
                              "5051525354555657",
                              "606162636465666768696a6b6c6d6e6f"};
  constexpr std::array roots{"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                             "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                             "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                             "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                             "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                             "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                             "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  Tree tree;
  BOOST_TEST(hex(tree.root()) ==
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    tree.append(from_hex(leaves[i]));
    BOOST_TEST(tree.size() == i + 1);
    BOOST_TEST(hex(tree.root()) == roots[i]);
  }
}

BOOST_AUTO_TEST_CASE(every_size_agrees_with_the_definition) {
  const auto leaves = records_from(1, 300);
  Tree tree;
  for (std::size_t size = 0; size < leaves.size(); ++size) {
    BOOST_TEST((tree.root() == definition(std::span(leaves).first(size))));
    tree.append(leaves[size]);
  }
}

BOOST_AUTO_TEST_CASE(a_copy_grows_alone) {
  Tree tree;
  for (std::uint64_t seq = 1; seq <= 7; ++seq) tree.append(record_at(seq));
  const Hash before = tree.root();
  Tree copy = tree;
  copy.append(record_at(8));
  BOOST_TEST(copy.size() == 8U);
  BOOST_TEST((copy.root() != before));
  BOOST_TEST((tree.root() == before));
}

BOOST_AUTO_TEST_CASE(blocks_stand_for_their_records) {
  for (std::uint64_t blocks = 0; blocks <= 5; ++blocks) {
    Tree whole;
    std::vector<Hash> roots;
    for (std::uint64_t seq = 1; seq <= blocks * Tree::block_size; ++seq) {
      whole.append(record_at(seq));
      if (whole.size() % Tree::block_size == 0) roots.push_back(whole.block());
    }
    Tree made = Tree::of_blocks(roots);
    BOOST_TEST(made.size() == whole.size());
    BOOST_TEST(hex(made.root()) == hex(whole.root()));
    for (std::uint64_t more = 0; more < Tree::block_size + 3; ++more) {
      made.append(record_at(made.size() + 1));
      whole.append(record_at(whole.size() + 1));
    }
    BOOST_TEST(hex(made.root()) == hex(whole.root()));
    BOOST_TEST(hex(made.block()) == hex(whole.block()));
  }
}

BOOST_AUTO_TEST_CASE(leaves_and_inner_nodes_hash_apart) {
  const Hash left = leaf_hash(record_at(1));
  const Hash right = leaf_hash(record_at(2));
  Bytes joined(left.begin(), left.end());
  joined.insert(joined.end(), right.begin(), right.end());
  BOOST_TEST((node_hash(left, right) != leaf_hash(joined)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
