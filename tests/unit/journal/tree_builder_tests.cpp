#include <boost/test/unit_test.hpp>

#include "daemon/journal/tree_builder.h"
#include "tests/support/journal_bytes.h"

namespace postern::journal {

using support::bytes_of;
using support::record_at;

BOOST_AUTO_TEST_SUITE(tree_builder_tests)

BOOST_AUTO_TEST_CASE(builds_the_same_tree_over_many_batches) {
  // Several batches of 256 KiB, and some that end in the middle because the tree is asked for.
  constexpr std::uint64_t count = 40'000;
  Tree tree;
  TreeBuilder builder;
  BOOST_TEST((builder.tree().root() == tree.root()));
  for (std::uint64_t seq = 1; seq <= count; ++seq) {
    tree.append(record_at(seq));
    builder.append(record_at(seq));
    if (seq % 9'999 == 0) BOOST_TEST((builder.tree().root() == tree.root()));
  }
  BOOST_TEST(builder.tree().size() == count);
  BOOST_TEST((builder.tree().root() == tree.root()));
}

BOOST_AUTO_TEST_CASE(takes_a_record_larger_than_a_batch) {
  const Bytes large = bytes_of(std::string(1 << 20, 'l'));
  Tree tree;
  TreeBuilder builder;
  for (const Bytes& record : {record_at(1), large, record_at(3)}) {
    tree.append(record);
    builder.append(record);
  }
  BOOST_TEST((builder.tree().root() == tree.root()));
}

BOOST_AUTO_TEST_CASE(can_be_left_in_the_middle) {
  TreeBuilder builder;
  for (std::uint64_t seq = 1; seq <= 20'000; ++seq) builder.append(record_at(seq));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
