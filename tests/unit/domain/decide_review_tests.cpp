#include <boost/test/unit_test.hpp>

#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;

namespace {

schema::RecordReviewT review() {
  schema::RecordReviewT made;
  made.report_seq = 1;
  made.report_sha256.assign(32, 7);
  made.sentence = "Two grants nobody used are gone; all else stands.";
  return made;
}

template <class Edit>
Flaw flaw(Code code, std::string field, Edit edit) {
  return {code, std::move(field),
          [edit](Request& request) { edit(*request.command.body.AsRecordReview()); }};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_review_tests)

BOOST_AUTO_TEST_CASE(H8_a_review_is_a_record_of_its_tenant) {
  auto story = given(tenant("acme"));
  schema::ReviewRecordedT recorded;
  recorded.report_seq = 1;
  recorded.report_sha256.assign(32, 7);
  recorded.sentence = review().sentence;
  story.when(command(review())).then(event(std::move(recorded)));
  BOOST_TEST((story.state().tenant_head(story.tenant().id) == story.state().seq()));
}

BOOST_AUTO_TEST_CASE(H8_a_review_is_refused_in_order) {
  Request good;
  good.asker = an_operator(Role::administrator);
  good.command = command(review());
  // What is wrong with its fields is told together, in this order.
  refuses_in_order(
      good, joined(flaws_of_a_tenant(), {flaw(Code::seq_beyond_journal, "report_seq",
                                              [](auto& body) { body.report_seq = 1'000; }),
                                         flaw(Code::field_malformed, "report_sha256",
                                              [](auto& body) { body.report_sha256.pop_back(); }),
                                         flaw(Code::too_large, "sentence", [](auto& body) {
                                           body.sentence.assign(1'025, 'x');
                                         })}));
}

BOOST_AUTO_TEST_CASE(H8_a_review_without_report_or_finding_is_none) {
  auto story = given(tenant("acme"));
  story.when(command(schema::RecordReviewT()))
      .refused(Code::field_missing, Code::field_missing, Code::field_missing);
  auto odd = review();
  odd.sentence = "one line\nand another";
  story.when(command(std::move(odd))).refused(Code::field_malformed).naming("sentence");
}

BOOST_AUTO_TEST_SUITE_END()
