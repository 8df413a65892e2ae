// What a user may do, line by line (Q3).
#include "daemon/view/permissions.h"
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;

namespace {

using Lines = std::vector<std::string>;

struct Rights : AskedView {
  Rights()
      : AskedView(given(tenant("acme"), user("bob"), role("clerk"),
                        role_grant(schema::Effect::allow, "clerk", "read", "table/b"),
                        allow("bob", "print-card", "project/p"), allow("bob", "*", "table/a"),
                        deny("bob", "read", "table/b"), assign("bob", "clerk"),
                        key("bob", "narrow", {{"read", "table/a/x"}, {"read", "table/a"}}),
                        add_operator("asker", Role::service, 7))) {
    sessions["token"] = session_of("bob");
    wanted.tenant = "acme";
    wanted.username = "bob";
  }

  Lines lines(std::string_view asker = "root") {
    Lines found;
    for (const auto& line : page(wanted, asker).permissions)
      found.push_back(line->grant->action + " " + line->grant->resource);
    return found;
  }

  schema::ListPermissionsT wanted;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(permissions_tests, Rights)

BOOST_AUTO_TEST_CASE(A6_what_a_grant_implies_is_a_line_of_its_own) {
  BOOST_TEST(lines() == (Lines{"preview-card project/p", "print-card project/p", "* table/a",
                               "read table/b", "read table/b"}));
}

BOOST_AUTO_TEST_CASE(A1_a_line_says_what_holds_of_it) {
  const auto made = page(wanted);
  const auto& denied = *made.permissions[3];
  BOOST_TEST(denied.grant->role == "clerk");
  BOOST_TEST(denied.state == Code::denied_by_grant);
  BOOST_TEST(made.permissions[4]->state == Code::ok);
  BOOST_TEST((made.permissions[4]->grant->effect == schema::Effect::deny));
}

BOOST_AUTO_TEST_CASE(C8_lines_lie_within_the_parts_of_a_key_and_none_twice) {
  const auto* narrow = domain::find_key(story.user("bob"), std::string_view("narrow"));
  const auto list = view::permissions_of(story.tenant(), story.user("bob"), narrow);
  Lines found;
  for (const auto& line : list.lines)
    found.push_back(std::string(line.action) + " " + line.resource);
  BOOST_TEST(found == (Lines{"read table/a", "read table/a/x"}));
  sessions["narrow"] = session_of("bob", narrow);
  wanted.token = "narrow";
  BOOST_TEST(lines() == found);
}

BOOST_AUTO_TEST_CASE(Q3_a_list_goes_on_from_its_next) {
  const Lines all = lines();
  wanted.count_max = 1;
  for (std::size_t place = 0; place < all.size(); ++place) {
    const auto one = page(wanted);
    BOOST_TEST(one.permissions[0]->grant->resource == all[place].substr(all[place].find(' ') + 1));
    BOOST_TEST(one.more == (place + 1 < all.size()));
    wanted.after = one.next;
  }
}

BOOST_AUTO_TEST_CASE(O1_a_service_names_a_user_by_a_token_unless_it_vouches) {
  BOOST_TEST(refusal(wanted, "asker") == Code::not_permitted);
  wanted.token = "token";
  BOOST_TEST(refusal(wanted, "asker") == Code::ok);
  wanted.username = "alice";
  BOOST_TEST(refusal(wanted, "asker") == Code::invalid_credentials);
  wanted.username = "";
  wanted.token = "another's";
  BOOST_TEST(refusal(wanted, "asker") == Code::invalid_credentials);
}

BOOST_AUTO_TEST_CASE(Q3_by_name_what_stops_the_user_is_told_and_the_list_too) {
  story.given(to("bob", schema::LockUserT()));
  refresh();
  const auto made = page(wanted);
  BOOST_REQUIRE(made.stops.size() == 1U);
  BOOST_TEST(made.stops[0]->code == Code::user_locked);
  BOOST_TEST(made.stops[0]->remedy == "Unlock it with 'user unlock'.");
  BOOST_TEST(made.permissions.size() == 5U);
  wanted.token = "token";
  BOOST_TEST(refusal(wanted) == Code::user_locked);
}

BOOST_AUTO_TEST_CASE(Q3_nobody_has_no_list) {
  wanted.username = "alice";
  BOOST_TEST(refusal(wanted) == Code::user_unknown);
  wanted.tenant = "globex";
  BOOST_TEST(refusal(wanted) == Code::tenant_unknown);
}

BOOST_AUTO_TEST_SUITE_END()
