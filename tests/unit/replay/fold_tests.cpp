#include <boost/test/unit_test.hpp>

#include "daemon/domain/fold.h"
#include "daemon/journal/sha256.h"
#include "tests/unit/replay/fixture.h"
#include "tools/text/ids.h"

namespace postern::replay {

namespace {

/// Of the story's first records, folded by nobody but the domain.
std::string digest_at(const DataFolderFixture& fixture, std::size_t seq) {
  domain::State state;
  domain::RecordGate gate;
  domain::Changes changes;
  for (std::size_t i = 0; i < seq; ++i)
    BOOST_REQUIRE(
        domain::fold(state, gate, std::as_bytes(std::span(fixture.records()[i])), changes));
  const support::Bytes canonical = support::canonical(state);
  return text::hex_text(journal::Sha256().add(std::as_bytes(std::span(canonical))).finish());
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fold_tests, DataFolderFixture)

BOOST_AUTO_TEST_CASE(H9_the_digest_is_that_of_the_records_up_to_a_seq) {
  std::string before;
  for (std::size_t seq = 1; seq <= records().size(); ++seq) {
    const std::string digest = digest_at(*this, seq);
    const std::string number = std::to_string(seq);
    BOOST_TEST(replay("fold --to-seq " + number).out == digest + "  seq " + number + "\n");
    BOOST_TEST((digest != before), "each record of this story changes something");
    before = digest;
  }
  BOOST_TEST(replay("fold").out == before + "  seq 15\n");
  BOOST_TEST(replay("--output json fold").out == "{\"sha256\":\"" + before + "\",\"seq\":15}\n");
}

BOOST_AUTO_TEST_CASE(H9_the_digest_needs_no_keys) {
  const std::string with_keys = replay("fold").out;
  take_keys_away();
  BOOST_TEST(replay("fold").out == with_keys);
}

BOOST_AUTO_TEST_CASE(a_seq_beyond_the_journal_ends_66) {
  const Ended ended = replay("fold --to-seq 16");
  BOOST_TEST(ended.code == 66);
  BOOST_TEST(contains(ended.talk, "the journal ends at record 15, before 16"));
}

BOOST_AUTO_TEST_CASE(no_digest_is_given_of_a_damaged_journal) {
  // Nothing but the tree can tell, and only at the anchor, far behind what is folded.
  put(2, changed(records()[1], [](schema::RecordT& record) { record.reason = "said so"; }));
  const Ended ended = replay("fold --to-seq 4");
  BOOST_TEST(ended.code == 65);
  BOOST_TEST(ended.out == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::replay
