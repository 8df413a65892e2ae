// The portal view of one user (Q6).
#include "tests/unit/view/asked_view.h"

using namespace postern;
using namespace postern::support;

namespace {

struct Portal : AskedView {
  Portal()
      : AskedView(given(tenant("acme"), user("bob", "correct horse 7"), role("clerk"),
                        assign("bob", "clerk"), allow("bob", "read", "table/a"),
                        deny("bob", "read", "table/a/b"),
                        key("bob", "narrow", {{"read", "table/a"}}), to("bob", schema::LockUserT()),
                        tenant("globex"), add_operator("auditor", Role::auditor, 7),
                        add_operator("of-globex", Role::owner, 8, {"globex"}))) {}

  static schema::GetUserT bob() {
    schema::GetUserT wanted;
    wanted.tenant = "acme";
    wanted.username = "bob";
    return wanted;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(portal_tests, Portal)

BOOST_AUTO_TEST_CASE(Q6_a_user_is_shown_in_its_sections) {
  first_names["bob"] = "Robert";
  const schema::UserViewT made = page(bob());
  BOOST_TEST(made.details->username == "bob");
  BOOST_TEST(made.details->profile->first_name == "Robert");
  BOOST_TEST(made.details->created->seq == story.user("bob").created_seq);
  BOOST_TEST(made.details->created->operator_name == "root");
  BOOST_TEST(made.security->password_set);
  BOOST_REQUIRE(made.security->locks.size() == 1U);
  BOOST_TEST(made.security->locks[0]->caused_by->seq ==
             domain::extras_of(story.user("bob")).operator_lock_seq);
  BOOST_REQUIRE(made.security->keys.size() == 1U);
  BOOST_TEST(made.security->keys[0]->prefix == "key_");
  BOOST_TEST(made.security->keys[0]->narrowed_to[0]->resource == "table/a");
  BOOST_REQUIRE(made.roles.size() == 1U);
  BOOST_TEST(made.roles[0]->name == "clerk");
  BOOST_TEST(made.data_access.size() == 2U);
  BOOST_TEST(!made.more);
}

BOOST_AUTO_TEST_CASE(U4_a_note_is_for_owners_and_administrators) {
  BOOST_TEST(page(bob()).details->note == "note on bob");
  BOOST_TEST(page(bob(), "auditor").details->note == "");
}

BOOST_AUTO_TEST_CASE(Q6_a_user_is_found_by_name_by_id_or_by_both) {
  schema::GetUserT wanted;
  wanted.user_id = std::make_unique<Uuid>(story.user("bob").id);
  BOOST_TEST(page(wanted).details->username == "bob");
  BOOST_TEST(refusal(wanted, "of-globex") == Code::user_unknown);
  wanted.tenant = "globex";
  BOOST_TEST(refusal(wanted) == Code::user_unknown);
  wanted.tenant = "acme";
  wanted.username = "BOB";
  BOOST_TEST(refusal(wanted) == Code::ok);
  wanted.username = "alice";
  BOOST_TEST(refusal(wanted) == Code::user_unknown);
  schema::GetUserT nobody;
  BOOST_TEST(refusal(nobody) == Code::tenant_unknown);
}

BOOST_AUTO_TEST_CASE(Q6_a_later_page_has_grants_alone) {
  schema::GetUserT wanted = bob();
  wanted.count_max = 1;
  const schema::UserViewT first = page(wanted);
  BOOST_TEST(first.more);
  wanted.after = first.next;
  const schema::UserViewT second = page(wanted);
  BOOST_TEST(!second.more);
  BOOST_TEST(second.data_access[0]->grant->resource == "table/a/b");
  BOOST_TEST(second.roles.empty());
  BOOST_TEST(second.security->keys.empty());
  wanted.after = "no next";
  BOOST_TEST(refusal(wanted) == Code::field_malformed);
}

BOOST_AUTO_TEST_CASE(C12_a_user_is_shown_with_the_end_of_a_hash_that_was_brought_along) {
  BOOST_TEST(page(bob()).security->imported_hash_ends_ns == 0);
  constexpr std::int64_t day_ns = 86'400LL * 1'000'000'000;
  imported_ns["bob"] = 5;
  for (const char* asker : {"root", "auditor"})
    BOOST_TEST(page(bob(), asker).security->imported_hash_ends_ns == 5 + 90 * day_ns);
}

BOOST_AUTO_TEST_SUITE_END()
