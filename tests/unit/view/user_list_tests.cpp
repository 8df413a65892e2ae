// Pages of users (Q6); their order and filters are directory_tests'.
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;

namespace {

using Names = std::vector<std::string>;

struct Staff : AskedView {
  Staff() : AskedView(given(tenant("acme"), user("bob"), user("carol"), user("alice"))) {
    story.given(role("clerk"), assign("carol", "clerk"), to("bob", schema::LockUserT()));
    refresh();
    first_names = {{"alice", "Bobbie"}, {"carol", "Caroline"}};
    wanted.tenant = "acme";
  }

  Names names() {
    Names found;
    for (const auto& user : page(wanted).users) found.push_back(user->username);
    return found;
  }

  schema::ListUsersT wanted;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(user_list_tests, Staff)

BOOST_AUTO_TEST_CASE(Q6_a_text_is_looked_for_in_what_is_shown) {
  wanted.text = "BOB";
  BOOST_TEST(names() == (Names{"alice", "bob"}));
  wanted.text = "line";
  BOOST_TEST(names() == (Names{"carol"}));
}

BOOST_AUTO_TEST_CASE(Q6_a_list_is_filtered_by_role_and_lock) {
  wanted.role = "clerk";
  BOOST_TEST(names() == (Names{"carol"}));
  wanted.role = "nobody";
  BOOST_TEST(refusal(wanted) == Code::role_unknown);
  wanted.role = "";
  wanted.locked = true;
  BOOST_TEST(names() == (Names{"bob"}));
}

BOOST_AUTO_TEST_CASE(Q6_a_list_goes_on_from_its_next_in_every_order) {
  for (const schema::UserSort sort : schema::EnumValuesUserSort()) {
    wanted.sort = sort;
    wanted.after = "";
    wanted.count_max = 0;
    const Names all = names();
    wanted.count_max = 1;
    for (std::size_t place = 0; place < all.size(); ++place) {
      const auto one = page(wanted);
      BOOST_TEST(one.users[0]->username == all[place]);
      BOOST_TEST(one.more == (place + 1 < all.size()));
      wanted.after = one.next;
    }
  }
}

BOOST_AUTO_TEST_CASE(K6_what_is_no_next_of_the_order_is_refused) {
  wanted.sort = schema::UserSort::created;
  for (const char* after : {"bob",
                            "bob/"
                            "00000000000000000000000000000001",
                            "3/1"}) {
    wanted.after = after;
    BOOST_TEST(refusal(wanted) == Code::field_malformed);
  }
  wanted.after = "";
  wanted.sort = static_cast<schema::UserSort>(99);
  BOOST_TEST(refusal(wanted) == Code::field_malformed);
}

BOOST_AUTO_TEST_CASE(Q6_a_record_is_read_once_for_a_page) {
  const auto made = page(wanted);
  BOOST_TEST(made.users[0]->created_ns ==
             static_cast<std::int64_t>(story.user("alice").created_seq) * 1'000);
  std::vector<domain::Seq> seqs = causes_asked;
  std::ranges::sort(seqs);
  BOOST_TEST((std::ranges::adjacent_find(seqs) == seqs.end()));
}

BOOST_AUTO_TEST_SUITE_END()
