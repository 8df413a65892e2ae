#include <boost/test/unit_test.hpp>
#include <set>
#include <sstream>

#include "tools/text/access_text.h"
#include "tools/text/ids.h"
#include "tools/text/report_text.h"
#include "tools/text/user_page.h"
#include "tools/text/view_text.h"

namespace postern::text {

namespace {

using Names = std::set<std::string>;

Names names_of(const std::vector<std::string>& names) { return Names(names.begin(), names.end()); }

Names fields_of(const flatbuffers::TypeTable* type) {
  return Names(type->names, type->names + type->num_elems);
}

std::unique_ptr<schema::CauseT> cause_with_reason() {
  auto cause = std::make_unique<schema::CauseT>();
  cause->seq = 12;
  cause->time_ns = 1'782'907'200'000'000'000;
  cause->operator_name = "jo";
  cause->role = schema::Role::owner;
  cause->reason = "ticket 7";
  return cause;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(view_text_tests)

BOOST_AUTO_TEST_CASE(T4_every_policy_of_a_tenant_is_told) {
  BOOST_TEST((names_of(policy_names()) == fields_of(schema::PoliciesTypeTable())));
}

BOOST_AUTO_TEST_CASE(U3_every_part_of_a_profile_is_told) {
  Names known = fields_of(schema::ProfileTypeTable());
  // Told by their own names.
  BOOST_TEST(known.erase("attributes") == 1U);
  Names told;
  for (std::string name : profile_names()) {
    std::ranges::replace(name, '-', '_');
    told.insert(name);
  }
  BOOST_TEST((told == known));
}

BOOST_AUTO_TEST_CASE(H1_a_cause_says_who_when_and_why) {
  BOOST_TEST(cause_text(cause_with_reason()) ==
             "seq 12, 2026-07-01T12:00:00Z, by jo (owner): ticket 7");
  BOOST_TEST(cause_text(nullptr) == "");
}

BOOST_AUTO_TEST_CASE(A10_a_verdict_says_the_grant_or_the_reason) {
  schema::GrantViewT grant;
  grant.reference = std::make_unique<schema::GrantReferenceT>();
  grant.reference->seq = 12;
  grant.effect = schema::Effect::allow;
  grant.action = "read";
  grant.resource = "table/customer";
  std::ostringstream out;
  write_verdict(out, {true, schema::Code::ok, &grant});
  BOOST_TEST(out.str() == "allowed  by grant 12.0: allow read on table/customer\n");
  out.str("");
  write_verdict(out, {false, schema::Code::no_matching_grant});
  BOOST_TEST(out.str().starts_with("denied  no_matching_grant — "));
}

BOOST_AUTO_TEST_CASE(H8_a_report_names_the_last_review) {
  ReportMade made;
  made.report.tenant = "acme";
  made.report.from_seq = 12;
  std::ostringstream before;
  write_report(before, made);
  BOOST_TEST(before.str().find("last review") == std::string::npos);
  auto& review = made.report.last_review = std::make_unique<schema::ReviewViewT>();
  review->report_seq = 11;
  review->sentence = "All <is> well.";
  review->recorded = std::make_unique<schema::CauseT>();
  review->recorded->seq = 14;
  review->recorded->operator_name = "ada";
  std::ostringstream out;
  write_report(out, made);
  BOOST_TEST(out.str().find("of the report at record 11: seq 14, ") != std::string::npos,
             out.str());
  BOOST_TEST(out.str().find("by ada") != std::string::npos, out.str());
  std::vector<ReportMade> reports;
  reports.push_back(std::move(made));
  // What a person wrote is no mark-up.
  BOOST_TEST(report_page(reports).find("All &lt;is&gt; well.") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(U1_owners_of_a_name_are_told_in_one_form) {
  const schema::Uuid first{1, 2};
  const schema::Uuid second{3, 4};
  const std::string live = owners_sentence("", {{first, 0, 13}, {second, 0, 0}});
  BOOST_TEST(live == "the name was not one user's alone: " + uuid_text(first) + " until seq 13; " +
                         uuid_text(second) + " has it now.");
  const std::string offline = owners_sentence("bob", {{first, 4, 13}, {second, 15, 0}});
  BOOST_TEST(offline.find("the name bob was") == 0u, offline);
  BOOST_TEST(offline.find(" from seq 4 until seq 13; ") != std::string::npos, offline);
  BOOST_TEST(offline.find(" from seq 15, and has it now.") != std::string::npos, offline);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::text
