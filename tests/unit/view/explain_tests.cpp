// Every stop of a question, with its cause and its remedy (Q5).
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;

namespace {

using Codes = std::vector<Code>;

struct Explained : AskedView {
  Explained()
      : AskedView(given(tenant("acme"), user("bob"), allow("bob", "read", "table/a"),
                        deny("bob", "read", "table/a/b"))) {
    wanted.tenant = "acme";
    wanted.username = "bob";
    wanted.question = question("read", "table/a/c");
  }

  Codes codes() {
    Codes found;
    for (const auto& stop : page(wanted).stops) found.push_back(stop->code);
    return found;
  }

  schema::ExplainT wanted;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(explain_tests, Explained)

BOOST_AUTO_TEST_CASE(Q5_what_is_allowed_names_the_grant_and_its_cause) {
  const auto made = page(wanted);
  BOOST_TEST(made.allowed);
  BOOST_REQUIRE(made.grant != nullptr);
  BOOST_TEST(made.grant->grant->resource == "table/a");
  BOOST_TEST(made.grant->added->seq == made.grant->grant->reference->seq);
}

BOOST_AUTO_TEST_CASE(Q5_every_stop_is_told_in_order) {
  wanted.question = question("read", "table/a");
  story.given(to("bob", schema::LockUserT()), to("bob", schema::TrashUserT()));
  refresh();
  const auto made = page(wanted);
  BOOST_TEST(codes() == (Codes{Code::user_locked, Code::user_not_active, Code::denied_below}));
  BOOST_TEST(!made.allowed);
  BOOST_TEST(made.grant == nullptr);
  BOOST_TEST(made.stops[0]->caused_by->seq ==
             domain::extras_of(story.user("bob")).operator_lock_seq);
  BOOST_TEST(made.stops[1]->remedy == "Restore the user with 'user restore', then enable it.");
  BOOST_TEST(made.stops[2]->grant->resource == "table/a/b");
}

BOOST_AUTO_TEST_CASE(Q5_without_a_question_what_comes_before_one_is_told) {
  wanted.question = nullptr;
  BOOST_TEST(page(wanted).allowed);
  wanted.username = "alice";
  BOOST_TEST(codes() == (Codes{Code::user_unknown}));
  wanted.tenant = "globex";
  BOOST_TEST(codes() == (Codes{Code::tenant_unknown}));
}

BOOST_AUTO_TEST_CASE(Q5_of_one_code_a_hundred_are_told_and_the_rest_counted) {
  for (int place = 0; place < 103; ++place)
    story.given(deny("bob", "read", "table/a/d" + std::to_string(place)));
  refresh();
  wanted.question = question("read", "table/a");
  const auto made = page(wanted);
  BOOST_TEST(made.stops.size() == 100U);
  BOOST_TEST(made.stops_left_out == 4U);
}

BOOST_AUTO_TEST_CASE(C12_that_a_hash_brought_along_has_ended_is_told_before_the_question) {
  constexpr std::int64_t day_ns = 86'400LL * 1'000'000'000;
  story.given(user("eve", "correct horse 7"));
  refresh();
  wanted.username = "eve";
  wanted.with_password = true;
  // Ours does not end.
  BOOST_TEST(codes() == (Codes{Code::no_matching_grant}));
  imported_ns["eve"] = story.world().now_ns() - 90 * day_ns;
  BOOST_TEST(codes() == (Codes{Code::credential_expired, Code::no_matching_grant}));
  const auto made = page(wanted);
  BOOST_TEST(made.stops[0]->caused_by->seq == story.user("eve").password_seq);
  BOOST_TEST(made.stops[0]->sentence.find("brought along") != std::string::npos);
  BOOST_TEST(made.stops[0]->sentence.find("90 days") != std::string::npos);
  // Not by key or name, for which no password is looked at.
  wanted.with_password = false;
  BOOST_TEST(codes() == (Codes{Code::no_matching_grant}));
  wanted.with_password = true;
  imported_ns["eve"] += 1;
  BOOST_TEST(codes() == (Codes{Code::no_matching_grant}));
}

BOOST_AUTO_TEST_CASE(C12_by_policy_no_hash_ends) {
  schema::SetTenantT set;
  set.policies = std::make_unique<schema::PolicyChangesT>();
  set.policies->imported_hash_days = 0;
  story.given(user("eve", "correct horse 7"), command(std::move(set)));
  refresh();
  wanted.username = "eve";
  wanted.with_password = true;
  imported_ns["eve"] = 1;
  BOOST_TEST(codes() == (Codes{Code::no_matching_grant}));
}

BOOST_AUTO_TEST_SUITE_END()
