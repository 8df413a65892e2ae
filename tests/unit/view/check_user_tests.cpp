// Checks by name for those who read, with the grant that decided.
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;

namespace {

struct Checked : AskedView {
  Checked()
      : AskedView(given(tenant("acme"), user("bob"), tenant("globex"),
                        add_operator("elsewhere", Role::auditor, 7, {"globex"}),
                        allow("bob", "read", "table/a"), deny("bob", "read", "table/a/b"))) {
    wanted.tenant = "acme";
    wanted.username = "bob";
    wanted.questions.push_back(question("read", "table/a/c"));
    wanted.questions.push_back(question("read", "table/a/b"));
  }

  schema::CheckUserT wanted;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(check_user_tests, Checked)

BOOST_AUTO_TEST_CASE(Q2_each_question_has_its_decision_and_its_grant) {
  const auto made = page(wanted);
  BOOST_REQUIRE(made.decisions.size() == 2u);
  BOOST_TEST(made.decisions[0]->allowed);
  BOOST_TEST(made.decisions[0]->grant->resource == "table/a");
  BOOST_TEST(made.decisions[1]->reason == Code::denied_by_grant);
  BOOST_TEST((*made.user == story.user("bob").id));
  story.given(to("bob", schema::LockUserT()));
  refresh();
  for (const auto& decision : page(wanted).decisions)
    BOOST_TEST(decision->reason == Code::user_locked);
}

BOOST_AUTO_TEST_CASE(Q2_a_check_for_readers_keeps_to_their_tenants_and_to_its_bounds) {
  BOOST_TEST(refusal(wanted, "elsewhere") == Code::tenant_unknown);
  wanted.username = "nobody";
  BOOST_TEST(refusal(wanted) == Code::user_unknown);
  wanted.questions.clear();
  BOOST_TEST(refusal(wanted) == Code::field_missing);
  for (int number = 0; number <= 10'000; ++number)
    wanted.questions.push_back(question("read", "table/a"));
  BOOST_TEST(refusal(wanted) == Code::too_large);
}

BOOST_AUTO_TEST_CASE(Q2_grants_that_do_not_fit_are_left_out_and_counted) {
  wanted.questions.clear();
  for (int number = 0; number < 10'000; ++number)
    wanted.questions.push_back(question("read", "table/a"));
  const auto made = page(wanted);
  BOOST_REQUIRE(made.decisions.size() == 10'000u);
  std::uint32_t without = 0;
  for (const auto& decision : made.decisions) without += decision->grant == nullptr;
  BOOST_TEST(without > 0u);
  BOOST_TEST(made.grants_left_out == without);
}

BOOST_AUTO_TEST_SUITE_END()
