#include <boost/test/unit_test.hpp>

#include "daemon/journal/ledger.h"
#include "tests/support/journal_bytes.h"

namespace postern::journal {

using support::record_at;
using support::records_from;
using support::views;

BOOST_AUTO_TEST_SUITE(ledger_tests)

BOOST_AUTO_TEST_CASE(what_is_admitted_is_seen_once_it_is_taken) {
  Ledger ledger;
  const auto records = records_from(1, Tree::block_size + 1);
  auto group = ledger.admit(0, views(records));
  BOOST_REQUIRE(group);
  BOOST_TEST(ledger.head().seq == 0U);
  Tree tree;
  for (const Bytes& record : records) tree.append(record);
  BOOST_TEST((group->head == Head{tree.size(), tree.root()}));
  ledger.take(std::move(*group));
  BOOST_TEST((ledger.head() == Head{tree.size(), tree.root()}));
  BOOST_TEST((ledger.block(0) == tree.block()));
}

BOOST_AUTO_TEST_CASE(it_goes_on_behind_the_records_that_are_there) {
  BlockTree there;
  for (std::uint64_t seq = 1; seq <= Tree::block_size; ++seq) there.append(record_at(seq));
  Ledger ledger(there);
  BOOST_TEST((ledger.head() == Head{Tree::block_size, there.tree.root()}));
  BOOST_TEST((ledger.block(0) == there.blocks.at(0)));
  BOOST_TEST(ledger.admit(Tree::block_size, views(records_from(1, 1))).has_value());
}

BOOST_AUTO_TEST_CASE(a_conflict_says_where_it_ends_and_ends_nothing) {
  Ledger ledger;
  const auto refused = ledger.admit(2, views(records_from(3, 1)));
  BOOST_REQUIRE(!refused);
  BOOST_CHECK(refused.error().kind == FailureKind::conflict);
  BOOST_TEST(refused.error().sentence ==
             "the journal ends at record 0, not at record 2: somebody else appended first");
  BOOST_TEST(ledger.health().has_value());
}

BOOST_AUTO_TEST_CASE(the_first_reason_to_end_stays_and_goes_before_a_conflict) {
  Ledger ledger;
  BOOST_TEST(ledger.end({FailureKind::input_output, "first", ""}).error().sentence == "first");
  BOOST_TEST(ledger.end({FailureKind::bug, "second", ""}).error().sentence == "first");
  BOOST_TEST(ledger.health().error().sentence == "first");
  for (const std::uint64_t expected_last : {0U, 7U})
    BOOST_TEST(ledger.admit(expected_last, views(records_from(1, 1))).error().sentence == "first");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::journal
