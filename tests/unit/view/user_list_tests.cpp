// Pages of users (Q6); their order and filters are directory_tests'.
#include "daemon/view/lists_ahead.h"
#include "daemon/view/page.h"
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

BOOST_AUTO_TEST_CASE(Q6_a_list_of_portal_views_shows_each_as_it_is_shown_alone_but_for_causes) {
  story.given(allow("carol", "read", "table/a"), key("carol", "first"),
              add_operator("auditor", Role::auditor, 7));
  refresh();
  wanted.portal = true;
  for (const char* asker : {"root", "auditor"}) {
    const auto made = page(wanted, asker);
    BOOST_TEST(made.users.empty());
    BOOST_REQUIRE(made.views.size() == 3U);
    const schema::UserViewT& carol = *made.views[2];
    schema::GetUserT get;
    get.tenant = "acme";
    get.username = "carol";
    const auto alone = page(get, asker);
    BOOST_TEST((*carol.details->profile == *alone.details->profile));
    BOOST_TEST(carol.details->note == alone.details->note);
    BOOST_TEST((*carol.details->settings == *alone.details->settings));
    BOOST_TEST(carol.security->keys[0]->prefix == "key_");
    BOOST_TEST((*carol.data_access[0]->grant == *alone.data_access[0]->grant));
    BOOST_TEST(carol.roles[0]->name == "clerk");
    BOOST_TEST(carol.details->created->seq == alone.details->created->seq);
    BOOST_TEST(carol.details->created->time_ns == 0);
  }
  BOOST_TEST(page(wanted, "auditor").views[2]->details->note == "", "U4");
}

BOOST_AUTO_TEST_CASE(O2_a_list_of_portal_views_of_another_tenant_is_of_none) {
  story.given(tenant("globex"), add_operator("of-globex", Role::owner, 8, {"globex"}));
  refresh();
  wanted.portal = true;
  BOOST_TEST(refusal(wanted, "of-globex") == Code::tenant_unknown);
  wanted.tenant = "nobody";
  BOOST_TEST(refusal(wanted, "of-globex") == Code::tenant_unknown);
  wanted.tenant = "globex";
  BOOST_TEST(page(wanted, "of-globex").views.empty());
}

BOOST_AUTO_TEST_CASE(Q6_a_list_of_portal_views_reads_no_record_and_keeps_to_its_filters) {
  wanted.portal = true;
  wanted.locked = true;
  const auto made = page(wanted);
  BOOST_REQUIRE(made.views.size() == 1U);
  BOOST_TEST(made.views[0]->details->username == "bob");
  BOOST_TEST(causes_asked.empty());
  wanted.text = "b";
  BOOST_TEST(refusal(wanted) == Code::field_malformed);
}

BOOST_AUTO_TEST_CASE(K6_a_page_of_portal_views_ends_before_it_is_too_large) {
  const std::string long_path = "table/" + std::string(60, 'a') + '/' + std::string(55, 'b');
  for (int place = 0; place < 1'300; ++place)
    for (const char* name : {"alice", "bob", "carol"})
      story.given(allow(name, "read", long_path + std::to_string(place)));
  refresh();
  wanted.portal = true;
  Names seen;
  std::size_t pages = 0;
  for (bool more = true; more; ++pages) {
    const auto made = page(wanted);
    BOOST_TEST(view::packed_bytes(made) < std::size_t{1} << 20U);
    for (const auto& one : made.views) seen.push_back(one->details->username);
    BOOST_TEST(made.views[0]->more == !made.views[0]->next.empty());
    more = made.more;
    wanted.after = made.next;
  }
  BOOST_TEST(seen == (Names{"alice", "bob", "carol"}));
  BOOST_TEST(pages > 1U);
}

BOOST_AUTO_TEST_CASE(Q4_a_list_that_looks_ahead_shows_what_one_shows_that_does_not) {
  for (int place = 0; place < 40; ++place) story.given(user("user-" + std::to_string(place)));
  refresh();
  const auto all_of = [&](std::uint32_t count, schema::UserSort sort, bool descending) {
    Names found;
    wanted = {};
    wanted.tenant = "acme";
    wanted.count_max = count;
    wanted.sort = sort;
    wanted.descending = descending;
    for (bool more = true; more;) {
      const auto made = page(wanted);
      for (const auto& one : made.users) found.push_back(one->username);
      more = made.more;
      BOOST_REQUIRE(more == !made.next.empty());
      wanted.after = made.next;
    }
    return found;
  };
  view::ListsAhead ahead;
  for (const schema::UserSort sort : schema::EnumValuesUserSort())
    for (const bool descending : {false, true}) {
      const Names plain = all_of(1'000, sort, descending);
      look_ahead(ahead);
      for (const std::uint32_t count : {1U, 7U, 43U})
        BOOST_TEST(all_of(count, sort, descending) == plain);
    }
}

BOOST_AUTO_TEST_CASE(Q4_what_lies_ahead_is_of_its_moment_filter_and_place_alone) {
  view::ListsAhead ahead;
  look_ahead(ahead);
  wanted.count_max = 1;
  const auto first = page(wanted);
  BOOST_TEST(first.users[0]->username == "alice");
  BOOST_TEST(ahead.is_empty(), "most look at the first page alone");
  wanted.after = first.next;
  BOOST_TEST(names() == (Names{"bob"}));
  BOOST_TEST(!ahead.is_empty());
  // Another moment: what was found before is not for it.
  story.given(user("anna"));
  refresh();
  BOOST_TEST(names() == (Names{"anna"}));
  // A place that no page told, under the id of somebody.
  wanted.after = "b" + first.next.substr(first.next.find('/'));
  BOOST_TEST(names() == (Names{"bob"}));
  // Another filter.
  wanted.after = first.next;
  wanted.locked = true;
  BOOST_TEST(names() == (Names{"bob"}));
  wanted.status = schema::UserStatus::trashed;
  BOOST_TEST(names().empty());
}

BOOST_AUTO_TEST_CASE(Q4_few_lists_are_kept_and_of_each_no_more_than_one_pass_finds) {
  view::ListsAhead ahead;
  using List = view::ListsAhead::List;
  const std::vector<Uuid> users{{0, 1}, {0, 2}, {0, 3}};
  for (domain::Seq seq = 1; seq <= view::ListsAhead::lists_max + 1; ++seq)
    ahead.keep(List{seq, {}, {}, {}}, {users, true});
  BOOST_TEST(!ahead.behind(List{1, {}, {}, {}}, users[0], 1).has_value());
  const auto next = ahead.behind(List{2, {}, {}, {}}, users[0], 2);
  BOOST_REQUIRE(next.has_value());
  BOOST_TEST(next->users.size() == 2U);
  BOOST_TEST(next->more);
  // Others follow who were not found with these.
  BOOST_TEST(!ahead.behind(List{2, {}, {}, {}}, users[0], 3).has_value());
  // The one that was asked for last stays.
  ahead.keep(List{100, {}, {}, {}}, {users, true});
  BOOST_TEST(ahead.behind(List{2, {}, {}, {}}, users[0], 2).has_value());
  BOOST_TEST(!ahead.behind(List{3, {}, {}, {}}, users[0], 2).has_value());
  ahead.clear();
  BOOST_TEST(!ahead.behind(List{2, {}, {}, {}}, users[0], 2).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
