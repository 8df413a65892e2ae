// The access review of the running daemon (H8): what the auditor adds to the answer of view/.
#include "tests/unit/service/audit.h"

using namespace postern;
using namespace postern::support;

namespace {

struct Reviewed : ServiceFixture {
  Reviewed() {
    create_acme();
    create_user("bob");
    allow("bob", "table/a");
  }

  schema::HistoryPageT ask(std::uint64_t from_seq, std::string tenant = "acme") {
    schema::GetReportT wanted;
    wanted.tenant = std::move(tenant);
    wanted.from_seq = from_seq;
    return Audit(*this).ask(std::move(wanted));
  }
  schema::ReportT report(std::uint64_t from_seq) {
    auto page = ask(from_seq);
    BOOST_REQUIRE((page.code == Code::ok));
    return std::move(*page.body.AsReport());
  }
};

std::uint64_t grants_added(const schema::ReportT& report) {
  std::uint64_t sum = 0;
  for (const auto& week : report.weeks) sum += week->grants;
  return sum;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(report_tests, Reviewed)

BOOST_AUTO_TEST_CASE(H8_a_report_reads_the_journal_from_the_record_that_is_named) {
  const auto whole = report(0);
  BOOST_TEST(whole.user_count == 1U);
  BOOST_TEST(grants_added(whole) == 1U);
  BOOST_TEST(whole.operators.at(0)->name == "owner");
  allow("bob", "table/b");
  const std::uint64_t newest = journal.head().seq;
  BOOST_TEST(grants_added(report(0)) == 2U);
  const auto since = report(newest);
  BOOST_TEST(grants_added(since) == 1U);
  BOOST_TEST(since.from_seq == newest);
  // What is there is told whatever changed when.
  BOOST_TEST(since.user_count == 1U);
}

BOOST_AUTO_TEST_CASE(H8_the_next_report_begins_where_the_reviewed_one_ended) {
  BOOST_TEST((report(0).last_review == nullptr));
  const std::uint64_t reviewed = journal.head().seq;
  allow("bob", "table/unseen");
  schema::RecordReviewT review;
  review.report_seq = reviewed;
  review.report_sha256.assign(32, 7);
  review.sentence = "All as it should be.";
  const std::uint64_t seq = run(message("acme", "", std::move(review))).seq;
  allow("bob", "table/c");
  const auto next = report(0);
  BOOST_REQUIRE(next.last_review != nullptr);
  BOOST_TEST(next.last_review->recorded->seq == seq);
  BOOST_TEST(next.last_review->recorded->operator_name == "owner");
  BOOST_TEST(next.last_review->recorded->time_ns != 0);
  BOOST_TEST(next.last_review->report_seq == reviewed);
  BOOST_TEST(next.last_review->sentence == "All as it should be.");
  // What came between the report and the word on it nobody has seen yet.
  BOOST_TEST(next.from_seq == reviewed + 1);
  BOOST_TEST(grants_added(next) == 2U);
  const auto whole = report(1);
  BOOST_TEST(grants_added(whole) == 3U);
  BOOST_TEST(whole.last_review->recorded->seq == seq);
}

BOOST_AUTO_TEST_CASE(H8_a_report_from_a_record_to_come_is_refused) {
  const auto page = ask(journal.head().seq + 1);
  BOOST_TEST((page.code == Code::seq_beyond_journal));
  BOOST_TEST(page.problems.at(0)->field == "from_seq");
}

BOOST_AUTO_TEST_CASE(H8_a_report_of_a_tenant_that_is_none_is_refused) {
  BOOST_TEST((ask(0, "nobody").code == Code::tenant_unknown));
}

BOOST_AUTO_TEST_SUITE_END()
