// A tenant's roles (A8).
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;

namespace {

struct Clerks : AskedView {
  Clerks()
      : AskedView(given(tenant("acme"), tenant("globex"), user("bob"), user("eve"), role("clerk"),
                        role("chief"), nest("chief", "clerk"),
                        role_grant(schema::Effect::allow, "clerk", "read", "table/a"),
                        role_grant(schema::Effect::deny, "clerk", "read", "table/a/b"),
                        assign("bob", "clerk"), assign("eve", "clerk"))) {
    wanted.tenant = "acme";
    wanted.name = "clerk";
    list.tenant = "acme";
  }

  schema::GetRoleT wanted;
  schema::ListRolesT list;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(roles_tests, Clerks)

BOOST_AUTO_TEST_CASE(A8_roles_are_listed_by_name_with_their_holders) {
  const auto all = page(list);
  BOOST_REQUIRE(all.roles.size() == 2U);
  BOOST_TEST(all.roles[0]->name == "chief");
  BOOST_TEST(all.roles[0]->inner == (std::vector<std::string>{"clerk"}));
  BOOST_TEST(all.roles[0]->holder_count == 0U);
  BOOST_TEST(all.roles[1]->holder_count == 2U);
  BOOST_TEST(all.roles[1]->grant_count == 2U);
  BOOST_TEST(all.roles[1]->grants.empty());
  list.count_max = 1;
  BOOST_TEST(page(list).more);
  list.after = "chief";
  BOOST_TEST(page(list).roles[0]->name == "clerk");
  list.tenant = "globex";
  BOOST_TEST(page(list).roles.empty());
}

BOOST_AUTO_TEST_CASE(A8_a_role_is_shown_with_its_grants) {
  const auto made = page(wanted);
  BOOST_TEST(made.holder_count == 2U);
  BOOST_REQUIRE(made.grants.size() == 2U);
  BOOST_TEST(made.grants[0]->added->operator_name == "root");
  BOOST_TEST(made.created->seq != 0U);
  wanted.count_max = 1;
  const auto first = page(wanted);
  BOOST_TEST(first.more);
  wanted.after = first.next;
  BOOST_TEST(page(wanted).grants[0]->grant->resource == "table/a/b");
  wanted.name = "nobody";
  BOOST_TEST(refusal(wanted) == Code::role_unknown);
}

BOOST_AUTO_TEST_CASE(U7_a_deleted_user_holds_no_role) {
  story.given(to("eve", schema::TrashUserT()), to("eve", schema::DeleteUserT()));
  refresh();
  BOOST_TEST(page(wanted).holder_count == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
