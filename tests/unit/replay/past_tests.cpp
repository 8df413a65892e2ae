#include <boost/test/unit_test.hpp>
#include <sstream>

#include "daemon/platform/clock.h"
#include "replay/past.h"
#include "tests/support/scenario.h"
#include "tests/unit/replay/fixture.h"

namespace postern::replay {

namespace {

struct PastFixture : DataFolderFixture {
  std::unique_ptr<Past> at(const std::string& text) const {
    const auto moment = parse_moment(text);
    BOOST_REQUIRE(moment);
    auto past = Past::read(audit, *moment);
    BOOST_REQUIRE_MESSAGE(past, past.error().sentence);
    return std::move(*past);
  }
  Failure failure_at(const std::string& text) const {
    const auto moment = parse_moment(text);
    if (!moment) return moment.error();
    const auto past = Past::read(audit, *moment);
    BOOST_REQUIRE(!past);
    return past.error();
  }

  mutable std::ostringstream out;
  mutable std::ostringstream talk;
  Streams streams{out, talk};
  DataFolder folder = *DataFolder::open(path());
  Audit audit{folder, text::Format::table, streams};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(past_tests, PastFixture)

BOOST_AUTO_TEST_CASE(Q9_the_state_at_a_seq_is_that_of_its_records) {
  domain::State state;
  domain::RecordGate gate;
  domain::Changes changes;
  for (std::size_t seq = 1; seq <= records().size(); ++seq) {
    BOOST_REQUIRE(domain::fold(state, gate, std::as_bytes(std::span(records()[seq - 1])), changes));
    const auto past = at(std::to_string(seq));
    BOOST_TEST(past->seq() == seq);
    BOOST_TEST(past->time_ns() == state.time_ns());
    BOOST_TEST((support::canonical(past->state()) == support::canonical(state)));
  }
  BOOST_TEST(at("")->seq() == records().size());
}

BOOST_AUTO_TEST_CASE(Q9_a_time_holds_the_records_up_to_it) {
  // The story's records are a second apart.
  BOOST_TEST(at("1970-01-01T00:00:05Z")->seq() == 5U);
  const auto between = at("1970-01-01T00:00:05.999999999Z");
  BOOST_TEST(between->seq() == 5U);
  BOOST_TEST(between->time_ns() == 5'999'999'999);
  BOOST_TEST(at("2020-01-01T00:00:00Z")->seq() == records().size());
}

BOOST_AUTO_TEST_CASE(H1_the_record_behind_a_fact_tells_who_made_it) {
  const auto past = at("");
  const auto cause = past->cause(9);
  BOOST_TEST(cause.seq == 9U);
  BOOST_TEST(cause.time_ns == 9'000'000'000);
  BOOST_TEST((cause.role == schema::Role::administrator));
}

BOOST_AUTO_TEST_CASE(Q9_a_moment_that_is_none_is_refused) {
  BOOST_TEST((failure_at("0").kind == FailureKind::usage));
  BOOST_TEST((failure_at("yesterday").kind == FailureKind::usage));
  BOOST_TEST((failure_at("99999999999999999999").kind == FailureKind::usage));
  const Failure early = failure_at("1970-01-01T00:00:00.5Z");
  BOOST_TEST((early.kind == FailureKind::missing));
  BOOST_TEST(contains(early.sentence, "the journal begins at 1970-01-01T00:00:01"));
  const Failure late = failure_at("16");
  BOOST_TEST((late.kind == FailureKind::missing));
  BOOST_TEST(contains(late.sentence, "the journal ends at record 15, before 16"));
  const Failure to_come = failure_at("2261-01-01T00:00:00Z");
  BOOST_TEST((to_come.kind == FailureKind::missing));
  BOOST_TEST(contains(to_come.sentence, "is still to come"));
}

BOOST_AUTO_TEST_CASE(Q9_nothing_is_told_of_a_damaged_journal) {
  // Nothing but the tree can tell, and only at the anchor, far behind the moment.
  put(2, changed(records()[1], [](schema::RecordT& record) { record.reason = "said so"; }));
  BOOST_TEST((failure_at("4").kind == FailureKind::damaged));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::replay
