#include <boost/test/unit_test.hpp>

#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;

namespace {

const std::string good_password = "s3cret-enough";

schema::CommandT user_with_status(std::string username, UserStatus status) {
  schema::CommandT made = user(std::move(username));
  made.body.AsCreateUser()->status = status;
  return made;
}

schema::CommandT user_with_profile(schema::ProfileT profile, std::string note = {}) {
  schema::CommandT made = user("bob");
  made.body.AsCreateUser()->profile = std::make_unique<schema::ProfileT>(std::move(profile));
  made.body.AsCreateUser()->note = std::move(note);
  return made;
}

schema::CommandT api_access(std::string username, bool allowed) {
  schema::SetApiAccessT body;
  body.allowed = allowed;
  return to(std::move(username), body);
}

schema::PoliciesT direct_deletion() {
  schema::PoliciesT policies;
  policies.direct_deletion = true;
  return policies;
}

const schema::CommandT enable = to("bob", schema::EnableUserT());
const schema::CommandT disable = to("bob", schema::DisableUserT());
const schema::CommandT trash = to("bob", schema::TrashUserT());
const schema::CommandT restore = to("bob", schema::RestoreUserT());
const schema::CommandT delete_bob = to("bob", schema::DeleteUserT());
const schema::CommandT lock = to("bob", schema::LockUserT());
const schema::CommandT unlock = to("bob", schema::UnlockUserT());

}  // namespace

BOOST_AUTO_TEST_SUITE(decide_users_tests)

// ---- U1

BOOST_AUTO_TEST_CASE(U1_a_user_has_an_id_for_ever) {
  auto story = given(tenant("acme"));
  schema::UserCreatedT created;
  created.user = std::make_unique<Uuid>(made_id(2));
  created.username = "Bob";
  created.status = UserStatus::active;
  created.api_access = true;
  created.key = std::make_unique<schema::KeyReferenceT>();
  created.key->file = 1;
  created.key->slot = 2;
  created.key->commitment.assign(32, 2);
  story.when(user("Bob")).then(about("Bob", created));
  story.given(disable, trash, delete_bob);
  BOOST_TEST(story.user("Bob").id == made_id(2));
  BOOST_TEST(story.user("Bob").tenant == story.tenant().id);
}

BOOST_AUTO_TEST_CASE(U1_a_name_is_unique_without_regard_to_case) {
  given(tenant("acme"), user("Bob"))
      .when(user("bOB"))
      .refused(Code::user_exists)
      .naming("username")
      .telling("'bOB'");
}

BOOST_AUTO_TEST_CASE(U1_a_name_is_found_without_regard_to_case) {
  given(tenant("acme"), user("Bob"))
      .when(to("BOB", schema::TrashUserT()))
      .then(moved("Bob", UserStatus::active, UserStatus::trashed));
}

BOOST_AUTO_TEST_CASE(U1_a_name_is_unique_in_its_tenant_alone) {
  auto story = given(tenant("acme"), tenant("other"), user("bob"));
  story.in("other").given(user("bob"));
  BOOST_TEST(story.state().tables().live_user_count() == 2U);
}

BOOST_AUTO_TEST_CASE(U1_the_form_of_a_name) {
  const std::string every_kind = "AZaz09._@+-";
  for (const std::string& good :
       {every_kind, std::string(128, 'x'), std::string("-"), std::string("bob@acme")})
    BOOST_TEST(given(tenant("acme"), user(good)).user(good).username == good);
  for (const std::string& bad :
       {std::string(), std::string(129, 'x'), std::string("bob smith"), std::string("bob/eve"),
        std::string("b\xc3\xb6"
                    "b"),
        std::string("bob\n"), std::string("bob\0", 4), std::string("bob'"), std::string("*")})
    BOOST_TEST_CONTEXT(bad) {
      given(tenant("acme")).when(user(bad)).refused(Code::field_malformed).naming("username");
    }
}

BOOST_AUTO_TEST_CASE(U1_a_freed_name_is_used_again_by_a_new_id) {
  auto story = given(tenant("acme"), user("bob"), trash, delete_bob, user("bob"));
  BOOST_TEST(story.user("bob").id == made_id(5));
  const domain::User* old = story.state().tables().find_user(made_id(2));
  BOOST_REQUIRE(old != nullptr);
  BOOST_TEST(old->status == UserStatus::deleted);
  BOOST_TEST(old->username == "bob");
}

BOOST_AUTO_TEST_CASE(U1_a_trashed_user_keeps_its_name) {
  given(tenant("acme"), user("bob"), trash).when(user("bob")).refused(Code::user_exists);
}

BOOST_AUTO_TEST_CASE(U1_name_and_id_must_agree) {
  auto story = given(tenant("acme"), user("bob"), user("eve"));
  schema::CommandT command = to("BOB", schema::TrashUserT());
  command.user_id = std::make_unique<Uuid>(story.user("eve").id);
  story.when(command).refused(Code::user_unknown);
  command.user_id = std::make_unique<Uuid>(story.user("bob").id);
  story.when(command).then(moved("bob", UserStatus::active, UserStatus::trashed));
}

BOOST_AUTO_TEST_CASE(O2_a_user_of_another_tenant_is_unknown_by_its_id) {
  auto story = given(tenant("acme"), tenant("other"), user("bob"));
  schema::CommandT command = to("", schema::TrashUserT());
  command.user_id = std::make_unique<Uuid>(story.user("bob").id);
  story.in("other").when(command).refused(Code::user_unknown);
}

// ---- U3, U4

BOOST_AUTO_TEST_CASE(U3_a_profile_has_16_kib_in_all) {
  schema::ProfileT profile;
  profile.first_name.assign(8'000, 'f');
  profile.description.assign(8'384, 'd');
  BOOST_TEST(given(tenant("acme"), user_with_profile(profile)).user("bob").sealed_profile);
  profile.attributes.push_back(std::make_unique<schema::AttributeT>());
  profile.attributes.back()->name = "a";
  given(tenant("acme"))
      .when(user_with_profile(profile))
      .refused(Code::too_large)
      .naming("profile")
      .telling("The limit is 16384 bytes, found 16385.");
}

BOOST_AUTO_TEST_CASE(U3_one_field_over_the_bound_is_too_large_and_not_malformed) {
  schema::ProfileT profile;
  profile.description.assign(16'385, 'd');
  given(tenant("acme")).when(user_with_profile(profile)).refused(Code::too_large).naming("profile");
}

BOOST_AUTO_TEST_CASE(U3_a_profile_is_text) {
  for (const char* bad :
       {"\x01", "\xff", "\xc0\xaf", "\xe0\x80\xaf", "\xe0\x80\x8a", "\xed\xa0\x80",
        "\xf0\x80\x80\x8a", "\xf4\x90\x80\x80", "\xc2\x85", "\xc2\x9f"}) {
    schema::ProfileT profile;
    profile.organization = std::string("a") + bad;
    given(tenant("acme"))
        .when(user_with_profile(profile))
        .refused(Code::field_malformed)
        .naming("organization");
  }
  for (const char* good : {"\xc2\xa0", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    schema::ProfileT profile;
    profile.organization = good;
    given(tenant("acme"), user_with_profile(profile));
  }
}

BOOST_AUTO_TEST_CASE(U3_attributes_are_64_and_named_once) {
  const auto with_attributes = [](std::size_t count, const std::string& last) {
    schema::ProfileT profile;
    for (std::size_t place = 0; place < count; ++place) {
      profile.attributes.push_back(std::make_unique<schema::AttributeT>());
      profile.attributes.back()->name = "a" + std::to_string(place);
    }
    profile.attributes.back()->name = last;
    return user_with_profile(profile);
  };
  given(tenant("acme"), with_attributes(64, "last"));
  given(tenant("acme"))
      .when(with_attributes(65, "last"))
      .refused(Code::too_large)
      .naming("attributes")
      .telling("The limit is 64, found 65.");
  given(tenant("acme"))
      .when(with_attributes(3, "a0"))
      .refused(Code::field_malformed)
      .naming("attributes");
  given(tenant("acme"))
      .when(with_attributes(2, ""))
      .refused(Code::field_malformed)
      .naming("attributes");
}

BOOST_AUTO_TEST_CASE(U4_a_note_has_4_kib_of_text) {
  given(tenant("acme"), user_with_profile({}, std::string(4'096, 'n')));
  given(tenant("acme"))
      .when(user_with_profile({}, std::string(4'097, 'n')))
      .refused(Code::too_large)
      .naming("note")
      .telling("The limit is 4096 bytes, found 4097.");
  given(tenant("acme"))
      .when(user_with_profile({}, "\xff"))
      .refused(Code::field_malformed)
      .naming("note");
}

// ---- U5

BOOST_AUTO_TEST_CASE(U5_a_created_user_is_active_and_usable_at_once) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "read", "table"));
  BOOST_TEST(story.user("bob").status == UserStatus::active);
  BOOST_TEST(story.user("bob").password_seq == 0U);
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::ok);
}

BOOST_AUTO_TEST_CASE(U5_a_command_can_make_it_new_and_not_usable) {
  auto story = given(tenant("acme"), user_with_status("bob", UserStatus::new_user));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::user_not_active);
}

BOOST_AUTO_TEST_CASE(U5_the_policy_says_where_the_command_is_silent) {
  schema::PoliciesT policies;
  policies.new_user_status = UserStatus::new_user;
  auto story = given();
  story.given_policies(policies).given(user("bob"), user_with_status("eve", UserStatus::active));
  BOOST_TEST(story.user("bob").status == UserStatus::new_user);
  BOOST_TEST(story.user("eve").status == UserStatus::active);
}

BOOST_AUTO_TEST_CASE(U5_a_user_starts_as_nothing_else) {
  for (const auto status : {UserStatus::inactive, UserStatus::trashed, UserStatus::deleted,
                            static_cast<UserStatus>(77)})
    given(tenant("acme"))
        .when(user_with_status("bob", status))
        .refused(Code::field_malformed)
        .naming("status");
}

// ---- U6, U7

struct Move {
  schema::CommandT command;
  UserStatus to;
  std::vector<UserStatus> from;
};

void check_moves(const schema::PoliciesT& policies, const std::vector<Move>& moves) {
  const std::vector<std::pair<UserStatus, std::vector<schema::CommandT>>> ways = {
      {UserStatus::new_user, {user_with_status("bob", UserStatus::new_user)}},
      {UserStatus::active, {user("bob")}},
      {UserStatus::inactive, {user("bob"), disable}},
      {UserStatus::trashed, {user("bob"), trash}},
      {UserStatus::deleted, {user("bob"), trash, delete_bob}},
  };
  for (const Move& move : moves) {
    for (const auto& [status, way] : ways) {
      BOOST_TEST_CONTEXT(status << " to " << move.to) {
        Scenario story;
        story.given_policies(policies);
        for (const schema::CommandT& step : way) story.given(step);
        schema::CommandT command = move.command;
        command.user.clear();
        command.user_id = std::make_unique<Uuid>(story.user("bob").id);
        BOOST_TEST(story.user("bob").status == status);
        story.when(command);
        if (std::ranges::find(move.from, status) != move.from.end()) {
          story.then(moved("bob", status, move.to));
          BOOST_TEST(story.user("bob").status == move.to);
        } else {
          const std::string name =
              status == UserStatus::new_user ? "new" : schema::EnumNameUserStatus(status);
          story.refused(Code::status_move_not_allowed).telling("Its status is " + name + ".");
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(U6_every_move_that_is_allowed_and_no_other) {
  using enum UserStatus;
  std::vector<Move> moves = {{enable, active, {new_user, inactive}},
                             {disable, inactive, {active}},
                             {trash, trashed, {new_user, active, inactive}},
                             {restore, inactive, {trashed}},
                             {delete_bob, deleted, {trashed}}};
  check_moves({}, moves);
  moves.back().from = {new_user, active, inactive, trashed};
  check_moves(direct_deletion(), moves);
}

BOOST_AUTO_TEST_CASE(U7_deleting_needs_the_trash_first) {
  auto story = given(tenant("acme"), user("bob"));
  story.when(delete_bob).refused(Code::status_move_not_allowed).telling("active");
  story.when(trash, delete_bob)
      .then(moved("bob", UserStatus::active, UserStatus::trashed),
            moved("bob", UserStatus::trashed, UserStatus::deleted));
}

BOOST_AUTO_TEST_CASE(U7_policy_allows_direct_deletion) {
  auto story = given();
  story.given_policies(direct_deletion()).given(user("bob"));
  story.when(delete_bob).then(moved("bob", UserStatus::active, UserStatus::deleted));
}

BOOST_AUTO_TEST_CASE(U7_several_users_in_one_command) {
  auto story =
      given(tenant("acme"), user("bob"), user("eve"), trash, to("eve", schema::TrashUserT()));
  story.when(delete_bob, to("eve", schema::DeleteUserT()))
      .then(moved("bob", UserStatus::trashed, UserStatus::deleted),
            moved("eve", UserStatus::trashed, UserStatus::deleted));
  BOOST_TEST(story.state().tables().live_user_count() == 0U);
}

BOOST_AUTO_TEST_CASE(U7_a_deleted_user_never_acts_again) {
  auto story = given(tenant("acme"), user("bob", good_password), allow("bob", "read", "table"),
                     trash, delete_bob);
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::user_not_active);
  const Uuid id = story.user("bob").id;
  for (schema::CommandT command :
       {enable, disable, trash, restore, delete_bob, lock, unlock, api_access("bob", false),
        reset("bob", good_password), change("bob", good_password, "an0ther-one"),
        attempt("bob", true), allow("bob", "run", "script/a")}) {
    command.user.clear();
    command.user_id = std::make_unique<Uuid>(id);
    story.when(command);
    BOOST_TEST(story.outcome().refusals.size() == 1U);
    BOOST_TEST(!story.outcome().recorded);
  }
}

// ---- U8

BOOST_AUTO_TEST_CASE(U8_api_access_is_a_switch_apart_from_status) {
  auto story = given(tenant("acme"), user("bob"), allow("bob", "read", "table"));
  schema::ApiAccessChangedT off;
  story.when(api_access("bob", false)).then(about("bob", off));
  BOOST_TEST(story.user("bob").status == UserStatus::active);
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::api_access_not_allowed);
  schema::ApiAccessChangedT on;
  on.allowed = true;
  story.when(api_access("bob", true)).then(about("bob", on));
  BOOST_TEST(story.answer("bob", "read", "table/a") == Code::ok);
}

BOOST_AUTO_TEST_CASE(U8_the_policy_says_where_the_command_is_silent) {
  schema::PoliciesT policies;
  policies.new_user_api_access = false;
  schema::CommandT with_access = user("eve");
  with_access.body.AsCreateUser()->api_access = true;
  auto story = given();
  story.given_policies(policies).given(user("bob"), with_access);
  BOOST_TEST(!story.user("bob").api_access);
  BOOST_TEST(story.user("eve").api_access);
}

BOOST_AUTO_TEST_CASE(U8_a_command_can_create_without_access) {
  schema::CommandT without = user("bob");
  without.body.AsCreateUser()->api_access = false;
  BOOST_TEST(!given(tenant("acme"), without).user("bob").api_access);
}

// ---- U9

/// What locks a user, and what is left of it after a command that clears.
struct LockCase {
  std::vector<LockCause> causes;
  bool has_password;
  std::vector<LockCause> after_reset;
  std::vector<LockCause> after_unlock;
};

Scenario locked_by(const LockCase& row) {
  Scenario story;
  story.given(tenant("acme"), user("bob", row.has_password ? good_password : std::string()));
  for (const LockCause cause : row.causes) {
    if (cause == LockCause::passwords)
      for (int count = 0; count < 5; ++count) story.given(attempt("bob", false));
    if (cause == LockCause::operator_command) story.given(lock);
    if (cause == LockCause::tenant)
      story.given(command(schema::DisableTenantT()), command(schema::EnableTenantT()));
  }
  return story;
}

BOOST_AUTO_TEST_CASE(U9_every_set_of_causes_and_what_clears_it) {
  constexpr auto P = LockCause::passwords;
  constexpr auto T = LockCause::tenant;
  constexpr auto O = LockCause::operator_command;
  const std::vector<LockCase> rows = {
      {{}, true, {}, {}},       {{P}, true, {}, {P}},           {{T}, true, {}, {T}},
      {{O}, true, {O}, {}},     {{P, T}, true, {}, {P, T}},     {{P, O}, true, {O}, {P}},
      {{T, O}, true, {O}, {T}}, {{P, T, O}, true, {O}, {P, T}}, {{}, false, {}, {}},
      {{T}, false, {}, {}},     {{O}, false, {O}, {}},          {{T, O}, false, {O}, {}},
  };
  for (const LockCase& row : rows) {
    BOOST_TEST_CONTEXT("row " << &row - rows.data()) {
      auto story = locked_by(row);
      BOOST_TEST(story.locks("bob") == row.causes, boost::test_tools::per_element());
      const Code answer = story.answer("bob", "read", "table/a");
      BOOST_TEST((answer == Code::user_locked) == !row.causes.empty());
      story.given(reset("bob", good_password));
      BOOST_TEST(story.locks("bob") == row.after_reset, boost::test_tools::per_element());

      auto other = locked_by(row);
      other.when(unlock);
      BOOST_TEST(other.locks("bob") == row.after_unlock, boost::test_tools::per_element());
      if (row.after_unlock == row.causes) other.refused(Code::user_not_locked);
    }
  }
}

BOOST_AUTO_TEST_CASE(U9_unlocking_names_what_it_clears) {
  auto story = given(tenant("acme"), user("bob"), lock, command(schema::DisableTenantT()));
  story.when(unlock).then(unlocked("bob", {LockCause::tenant, LockCause::operator_command}));
}

BOOST_AUTO_TEST_CASE(U9_an_operator_locks_once) {
  auto story = given(tenant("acme"), user("bob"));
  story.when(lock).then(locked("bob", LockCause::operator_command));
  story.when(lock).refused(Code::user_already_locked).naming("user");
}

BOOST_AUTO_TEST_CASE(U9_an_operator_locks_whom_another_cause_locks_already) {
  auto story = given(tenant("acme"), user("bob"), command(schema::DisableTenantT()));
  story.when(lock).then(locked("bob", LockCause::operator_command));
}

BOOST_AUTO_TEST_CASE(U9_locks_stay_apart_from_status) {
  auto story = given(tenant("acme"), user("bob"), lock, trash, restore, enable);
  BOOST_TEST(story.locks("bob") == std::vector{LockCause::operator_command});
}

BOOST_AUTO_TEST_CASE(U9_a_reset_while_the_tenant_is_disabled_again_does_not_last) {
  auto story = given(tenant("acme"), user("bob"), command(schema::DisableTenantT()), unlock,
                     command(schema::EnableTenantT()));
  BOOST_TEST(story.locks("bob").empty());
  story.given(command(schema::DisableTenantT()), command(schema::EnableTenantT()));
  BOOST_TEST(story.locks("bob") == std::vector{LockCause::tenant});
}

// ---- U13, K2

BOOST_AUTO_TEST_CASE(U13_each_event_by_an_operators_command_raises_the_version) {
  auto story = given(tenant("acme"), user("bob", good_password));
  std::uint64_t version = 1;
  BOOST_TEST(story.user("bob").version == version);
  for (const schema::CommandT& command :
       {disable, enable, lock, unlock, api_access("bob", false), api_access("bob", true),
        reset("bob", good_password), allow("bob", "read", "table"), trash, restore}) {
    story.given(command);
    BOOST_TEST(story.user("bob").version == ++version);
  }
}

BOOST_AUTO_TEST_CASE(U13_what_the_daemon_records_leaves_the_version) {
  auto story = given(tenant("acme"), user("bob", good_password), attempt("bob", false),
                     attempt("bob", true));
  BOOST_TEST(story.user("bob").version == 1U);
}

BOOST_AUTO_TEST_CASE(U13_what_happens_to_others_leaves_the_version) {
  auto story = given(tenant("acme"), user("bob"), user("eve"), to("eve", schema::LockUserT()),
                     command(schema::DisableTenantT()));
  BOOST_TEST(story.user("bob").version == 1U);
}

BOOST_AUTO_TEST_CASE(K2_another_version_is_a_conflict_that_names_the_one_found) {
  auto story = given(tenant("acme"), user("bob"), disable);
  story.when(with_version(enable, 1))
      .refused(Code::version_conflict)
      .naming("expected_version")
      .telling("It has version 2, expected was 1.");
  story.when(with_version(enable, 2)).then(moved("bob", UserStatus::inactive, UserStatus::active));
}

BOOST_AUTO_TEST_CASE(K2_a_batch_sees_the_versions_it_makes) {
  given(tenant("acme"), user("bob"))
      .when(with_version(disable, 1), with_version(enable, 2))
      .then(moved("bob", UserStatus::active, UserStatus::inactive),
            moved("bob", UserStatus::inactive, UserStatus::active));
}

// ---- O1

BOOST_AUTO_TEST_CASE(O1_a_manager_does_not_touch_users_that_are_new) {
  auto story = given(tenant("acme"), user_with_status("bob", UserStatus::new_user));
  story.by(Role::manager);
  for (const schema::CommandT& command :
       {enable, disable, trash, restore, lock, unlock, api_access("bob", false),
        reset("bob", good_password), allow("bob", "read", "table")})
    story.when(command).refused(Code::not_permitted).naming("user");
  story.when(user_with_status("eve", UserStatus::new_user))
      .refused(Code::not_permitted)
      .naming("status");
  story.by(Role::administrator)
      .when(enable)
      .then(moved("bob", UserStatus::new_user, UserStatus::active));
  story.by(Role::manager).when(lock).then(locked("bob", LockCause::operator_command));
}

// ---- order

BOOST_AUTO_TEST_CASE(create_user_refuses_in_order) {
  Request good;
  good.asker = an_operator(Role::administrator);
  good.command = user("bob", good_password);
  good.command.body.AsCreateUser()->profile = std::make_unique<schema::ProfileT>();
  const auto body = [](Request& request) { return request.command.body.AsCreateUser(); };
  std::vector<Flaw> flaws = {
      {Code::field_malformed, "username",
       [&](Request& request) { body(request)->username = "b/"; }},
      {Code::field_malformed, "status",
       [&](Request& request) { body(request)->status = UserStatus::trashed; }},
      {Code::not_permitted, "status",
       [&](Request& request) {
         body(request)->status = UserStatus::new_user;
         request.asker.role = Role::manager;
       }},
      {Code::user_exists, "username", [](Request& request) { request.before = {user("BOB")}; }},
      {Code::field_malformed, "note", [&](Request& request) { body(request)->note = "\x02"; }},
      {Code::field_malformed, "first_name",
       [&](Request& request) { body(request)->profile->first_name = "\x02"; }},
      {Code::field_malformed, "attributes",
       [&](Request& request) {
         auto& attributes = body(request)->profile->attributes;
         if (attributes.empty()) attributes.push_back(std::make_unique<schema::AttributeT>());
       }},
      {Code::too_large, "profile",
       [&](Request& request) { body(request)->profile->last_name.assign(17'000, 'l'); }},
      {Code::password_confirmation_differs, "password_confirmation",
       [&](Request& request) { body(request)->password_confirmation = "an0ther-one"; }},
      {Code::password_too_short, "password",
       [&](Request& request) { body(request)->password = "s3c"; }},
  };
  refuses_in_order(good, joined(flaws_of_a_tenant(), flaws));
}

BOOST_AUTO_TEST_CASE(commands_about_a_user_refuse_in_order) {
  struct Row {
    schema::CommandT good;
    std::vector<schema::CommandT> before;
    Code deleted;
    std::vector<Flaw> flaws;
  };
  const auto status_move = [](const schema::CommandT& step) {
    return std::vector<Flaw>{{Code::status_move_not_allowed, "user",
                              [step](Request& request) { request.before.push_back(step); }}};
  };
  constexpr Code moved_not = Code::status_move_not_allowed;
  const std::vector<Row> rows = {
      {enable, {disable}, moved_not, status_move(enable)},
      {disable, {}, moved_not, status_move(disable)},
      {trash, {}, moved_not, status_move(trash)},
      {restore, {trash}, moved_not, status_move(restore)},
      {delete_bob, {trash}, moved_not, status_move(restore)},
      {lock,
       {},
       Code::user_not_active,
       {{Code::user_already_locked, "user",
         [](Request& request) { request.before.push_back(lock); }}}},
      {unlock,
       {lock},
       Code::user_not_active,
       {{Code::user_not_locked, "user",
         [](Request& request) { request.before.push_back(unlock); }}}},
      {api_access("bob", false),
       {},
       Code::user_not_active,
       {{Code::api_access_unchanged, "allowed",
         [](Request& request) { request.before.push_back(api_access("bob", false)); }}}},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(schema::EnumNameCommandBody(row.good.body.type)) {
      Request good;
      good.asker = an_operator(Role::administrator);
      good.before = {user("bob")};
      good.before.insert(good.before.end(), row.before.begin(), row.before.end());
      good.command = row.good;
      refuses_in_order(good, joined(flaws_of_a_user(row.deleted), row.flaws));
    }
  }
}

BOOST_AUTO_TEST_CASE(K6_what_strangers_choose_is_cut) {
  auto story = given(tenant("acme"));
  story.when(user("b/" + std::string(10'000, 'x'))).refused(Code::field_malformed);
  BOOST_TEST(story.outcome().refusals.front().sentence.size() < 300U);
  story.telling("found 'b/xxx").telling("xxx...'.");
}

BOOST_AUTO_TEST_SUITE_END()
