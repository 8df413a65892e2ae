// What an answer says of the record behind a fact.
#include "daemon/view/inquiry.h"
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;

BOOST_AUTO_TEST_SUITE(inquiry_tests)

BOOST_AUTO_TEST_CASE(Q5_a_cause_is_what_its_record_says) {
  Scenario story = given(tenant("acme"));
  const auto* record = flatbuffers::GetRoot<schema::Record>(story.world().records().back().data());
  const schema::CauseT cause = view::cause_of(*record);
  BOOST_TEST(cause.seq == record->seq());
  BOOST_TEST(cause.time_ns == record->time_ns());
  BOOST_TEST((*cause.operator_id == *record->operator_id()));
  BOOST_TEST(cause.role == record->role());
  BOOST_TEST(cause.operator_name == "");
}

BOOST_AUTO_TEST_CASE(Q5_a_cause_has_the_name_that_its_operator_has) {
  AskedView asked(given(tenant("acme")));
  BOOST_TEST(view::cause_of(asked.inquiry(), 0) == nullptr);
  const auto cause = view::cause_of(asked.inquiry(), 2);
  BOOST_TEST(cause->operator_name == "root");
  BOOST_TEST(cause->reason == "reason 2");
  asked.unreadable = 2;
  BOOST_TEST(view::cause_of(asked.inquiry(), 2)->operator_name == "");
}

BOOST_AUTO_TEST_SUITE_END()
