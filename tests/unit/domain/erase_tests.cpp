// U11 in the rules: who may be erased, what happens, what stays.
#include <boost/test/unit_test.hpp>

#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;

namespace {

const std::string good_password = "s3cret-enough";

const schema::CommandT trash = to("bob", schema::TrashUserT());
const schema::CommandT delete_bob = to("bob", schema::DeleteUserT());
const schema::CommandT erase_bob = to("bob", schema::EraseUserT());

Expected erased(std::string username) { return about(std::move(username), schema::UserErasedT()); }

schema::CommandT by_id(schema::CommandT command, const Uuid& id) {
  command.user.clear();
  command.user_id = std::make_unique<Uuid>(id);
  return command;
}

/// With all that an erasure takes away, and what it leaves.
schema::CommandT rich_user(std::string username) {
  schema::CommandT made = user(std::move(username), good_password);
  auto& body = *made.body.AsCreateUser();
  body.profile = std::make_unique<schema::ProfileT>();
  body.profile->email = "robert@acme.example";
  body.note = "private";
  return made;
}

schema::CommandT rotate(std::string username, std::string password) {
  schema::RotatePasswordT body;
  body.password = std::move(password);
  body.old_valid_until_ns = 1'000'000'000'000;
  return to(std::move(username), std::move(body));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(erase_tests)

BOOST_AUTO_TEST_CASE(U11_from_the_trash_it_deletes_too) {
  auto story = given(tenant("acme"), user("bob"), trash);
  story.when(erase_bob).then(moved("bob", UserStatus::trashed, UserStatus::deleted), erased("bob"));
  BOOST_TEST(story.user("bob").status == UserStatus::deleted);
  BOOST_TEST(domain::is_erased(story.user("bob")));
  // The name is free, as after a deletion.
  story.when(user("bob"));
  BOOST_TEST(story.outcome().recorded);
}

BOOST_AUTO_TEST_CASE(U11_a_deleted_user_is_erased_by_its_id) {
  auto story = given(tenant("acme"), user("bob"), trash, delete_bob);
  const Uuid id = story.user("bob").id;
  story.when(erase_bob).refused(Code::user_unknown).naming("user");
  story.when(by_id(erase_bob, id)).then(erased("bob"));
  BOOST_TEST(domain::is_erased(story.user("bob")));
}

BOOST_AUTO_TEST_CASE(U11_no_other_status_can_be_erased) {
  schema::CommandT new_bob = user("bob");
  new_bob.body.AsCreateUser()->status = UserStatus::new_user;
  schema::PoliciesT direct;
  direct.direct_deletion = true;
  for (const bool is_direct : {false, true})
    for (const auto& [way, told] :
         {std::pair(std::vector<schema::CommandT>{new_bob}, "new"),
          std::pair(std::vector<schema::CommandT>{user("bob")}, "active"),
          std::pair(std::vector<schema::CommandT>{user("bob"), to("bob", schema::DisableUserT())},
                    "inactive")}) {
      Scenario story;
      story.given_policies(is_direct ? direct : schema::PoliciesT());
      for (const schema::CommandT& step : way) story.given(step);
      story.when(erase_bob)
          .refused(Code::status_move_not_allowed)
          .telling(std::string("Its status is ") + told + ".");
    }
}

BOOST_AUTO_TEST_CASE(U11_the_daemon_repeats_an_erasure_whatever_the_copy_says_of_the_user) {
  auto story = given(tenant("acme"), user("bob"));
  story.by(Role::daemon)
      .when(erase_bob)
      .then(moved("bob", UserStatus::active, UserStatus::deleted), erased("bob"));
}

BOOST_AUTO_TEST_CASE(U11_nobody_is_erased_twice) {
  auto story = given(tenant("acme"), user("bob"), trash, erase_bob);
  story.when(by_id(erase_bob, story.user("bob").id)).refused(Code::user_erased).naming("user");
}

BOOST_AUTO_TEST_CASE(U11_refusals_in_order) {
  auto flaws = flaws_of_a_user(Code::ok);
  // That it is deleted is no flaw here.
  flaws.pop_back();
  flaws.push_back(
      {Code::status_move_not_allowed, "user", [](Request& request) { request.before.resize(1); }});
  Request good;
  good.before = {user("bob"), trash};
  good.asker = an_operator(Role::administrator);
  good.command = erase_bob;
  refuses_in_order(good, flaws);
}

BOOST_AUTO_TEST_CASE(U11_what_was_sealed_is_gone_and_the_rest_stays) {
  auto story = given(tenant("acme"), rich_user("bob"), rotate("bob", "an0ther-one"),
                     allow("bob", "read", "table"), trash);
  BOOST_REQUIRE(story.user("bob").sealed_profile != nullptr);
  BOOST_REQUIRE(story.user("bob").sealed_password != nullptr);
  BOOST_REQUIRE(domain::extras_of(story.user("bob")).sealed_old_password != nullptr);
  const domain::User before = story.user("bob");
  story.given(erase_bob);
  const domain::User& after = story.user("bob");
  BOOST_TEST(after.sealed_profile == nullptr);
  BOOST_TEST(after.sealed_password == nullptr);
  BOOST_TEST(domain::extras_of(after).sealed_old_password == nullptr);
  BOOST_TEST(after.password_seq == 0U);
  BOOST_TEST(domain::extras_of(after).erased_seq == story.state().seq());
  BOOST_TEST(after.id == before.id);
  BOOST_TEST(after.username == "bob");
  BOOST_TEST(after.created_seq == before.created_seq);
  BOOST_TEST(after.grants->size() == 1U);
  BOOST_TEST(after.key.slot == before.key.slot);
}

BOOST_AUTO_TEST_CASE(U11_the_version_counts_each_of_its_events) {
  auto story = given(tenant("acme"), user("bob"), trash);
  BOOST_TEST(story.user("bob").version == 2U);
  story.when(with_version(erase_bob, 1)).refused(Code::version_conflict).telling("version 2");
  story.given(with_version(erase_bob, 2));
  BOOST_TEST(story.user("bob").version == 4U);
  story.given(user("eve"), to("eve", schema::TrashUserT()), to("eve", schema::DeleteUserT()));
  story.given(by_id(with_version(erase_bob, 3), story.user("eve").id));
  BOOST_TEST(story.user("eve").version == 4U);
}

BOOST_AUTO_TEST_CASE(U11_several_users_in_one_command) {
  auto story = given(tenant("acme"), user("bob"), user("eve"), trash, delete_bob,
                     to("eve", schema::TrashUserT()));
  story.when(by_id(erase_bob, story.user("bob").id), to("eve", schema::EraseUserT()))
      .then(erased("bob"), moved("eve", UserStatus::trashed, UserStatus::deleted), erased("eve"));
}

BOOST_AUTO_TEST_CASE(U11_a_batch_is_all_or_nothing) {
  auto story = given(tenant("acme"), user("bob"), user("eve"), trash);
  story.when(erase_bob, to("eve", schema::EraseUserT())).refused(Code::status_move_not_allowed);
  BOOST_TEST(!domain::is_erased(story.user("bob")));
  BOOST_TEST(story.user("bob").status == UserStatus::trashed);
}

BOOST_AUTO_TEST_CASE(U11_a_dry_run_erases_nobody) {
  auto story = given(tenant("acme"), rich_user("bob"), trash);
  schema::CommandMessageT message = story.message({erase_bob});
  message.dry_run = true;
  story.send(message).would(moved("bob", UserStatus::trashed, UserStatus::deleted), erased("bob"));
  BOOST_TEST(story.user("bob").sealed_profile != nullptr);
}

BOOST_AUTO_TEST_CASE(U11_an_erased_user_never_acts_again_and_takes_nothing_sealed) {
  auto story =
      given(tenant("acme"), rich_user("bob"), allow("bob", "read", "table"), trash, erase_bob);
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::user_not_active);
  schema::SetProfileT profile;
  profile.note = "again";
  for (const schema::CommandT& command :
       {to("bob", profile), reset("bob", good_password), rotate("bob", good_password),
        change("bob", good_password, "an0ther-one"), attempt("bob", true),
        to("bob", schema::RestoreUserT()), to("bob", schema::TrashUserT()), delete_bob}) {
    story.when(by_id(command, story.user("bob").id));
    BOOST_TEST(story.outcome().refusals.size() == 1U);
    BOOST_TEST(!story.outcome().recorded);
  }
}

BOOST_AUTO_TEST_SUITE_END()
