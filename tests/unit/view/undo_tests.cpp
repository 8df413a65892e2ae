// H10: whatever a record did, the commands that take it back leave everybody with the access they
// had.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "daemon/domain/conditions.h"
#include "daemon/domain/roles.h"
#include "schema/cleared_text.h"
#include "tests/unit/view/access_text.h"
#include "tests/unit/view/undone.h"

using namespace postern;
using namespace postern::support;
using schema::EventBody;

namespace {

struct Case {
  std::string name;
  /// Each in a message of its own.
  Commands before;
  Commands record;
  std::string tenant = "acme";
};

std::vector<Case> users_cases() {
  const auto move = [](auto body) { return to("bob", std::move(body)); };
  const auto enable = move(schema::EnableUserT());
  const auto disable = move(schema::DisableUserT());
  const auto trash = move(schema::TrashUserT());
  const auto restore = move(schema::RestoreUserT());
  return {
      {"disabled", {}, {disable}},
      {"enabled", {disable}, {enable}},
      {"trashed", {}, {trash}},
      {"trashed when inactive", {disable}, {trash}},
      {"restored", {trash}, {restore}},
      {"disabled and trashed", {}, {disable, trash}},
      {"locked", {}, {move(schema::LockUserT())}},
      {"unlocked", {move(schema::LockUserT())}, {move(schema::UnlockUserT())}},
      {"locked and unlocked, and locked",
       {},
       {move(schema::LockUserT()), move(schema::UnlockUserT()), move(schema::LockUserT())}},
      {"access off", {}, {api_access(false)}},
      {"access on", {api_access(false)}, {api_access(true)}},
      {"renamed", {}, {renamed("bob", "robert")}},
      {"renamed twice", {}, {renamed("bob", "rob"), renamed("rob", "robert")}},
      {"settings", {}, {settings(true, {"192.0.2.0/24"})}},
      {"settings cleared", {}, {settings(false, {})}},
      {"profile", {}, {profile("Robert", "another note", "eight")}},
      {"profile cleared",
       {},
       {profile(std::string(schema::cleared_text), std::string(schema::cleared_text))}},
      {"profile begun",
       {profile(std::string(schema::cleared_text), std::string(schema::cleared_text))},
       {profile("Bob", "a note", "nine")}},
      {"key", {}, {key("bob", "second")}},
      {"created", {}, {user("carl"), allow("carl", "read", "table/a"), assign("carl", "clerk")}},
  };
}

std::vector<Case> access_cases() {
  return {
      {"grant", {}, {allow("bob", "read", "table/d")}},
      {"conditional grant", {}, {conditional_grant()}},
      {"grant removed", {}, {remove_grant("table/a")}},
      {"conditional grant removed", {conditional_grant()}, {remove_conditional_grant()}},
      {"grant and removed",
       {},
       {allow("bob", "read", "table/d"), remove_grant("table/d"), allow("eve", "read", "table/d")}},
      {"grant exchanged", {}, {remove_grant("table/a"), allow("bob", "read", "table/d")}},
      {"role grant", {}, {role_grant(schema::Effect::deny, "clerk", "read", "table/d")}},
      {"role grant removed",
       {},
       {on_role("clerk", *a_grant<schema::RemoveRoleGrantT>("table/c").body.AsRemoveRoleGrant())}},
      {"nested", {role("temp")}, {nest("chief", "temp")}},
      {"unnested", {}, {[] {
         schema::UnnestRoleT body;
         body.role = "chief";
         body.inner = "clerk";
         return command(std::move(body));
       }()}},
      {"assigned", {}, {assign("eve", "chief")}},
      {"unassigned", {}, {member<schema::UnassignRoleT>("bob", "clerk")}},
      {"assigned anew",
       {},
       {member<schema::UnassignRoleT>("bob", "clerk"), assign("bob", "clerk"),
        allow("eve", "read", "table/d")}},
      {"role",
       {},
       {role("temp"), role_grant(schema::Effect::allow, "temp", "read", "table/d"),
        nest("chief", "temp"), assign("eve", "temp")}},
      {"role deleted", {}, {[] {
         schema::DeleteRoleT body;
         body.name = "chief";
         return command(std::move(body));
       }()}},
      {"role taken and deleted",
       {assign("eve", "chief")},
       {member<schema::UnassignRoleT>("eve", "chief"),
        [] {
          schema::DeleteRoleT body;
          body.name = "chief";
          return command(std::move(body));
        }()}},
  };
}

std::vector<Case> other_cases() {
  return {
      {"policies", {}, {policies("API_", 600)}},
      {"policies again", {policies("API_", 600)}, {policies("X_", 60)}},
      {"tenant enabled", {command(schema::DisableTenantT())}, {command(schema::EnableTenantT())}},
      {"catalogue defined", {}, {define("door", "open", "door/front", "Front")}},
      {"catalogue replaced", {}, {define("shelf", "take", "shelf/one", "Another")}},
      {"catalogue widened", {}, {define("shelf", "put", "shelf/two", "Two")}},
      {"catalogue retired", {}, {retire("shelf")}},
      {"operator", {}, {of_operator<schema::AddOperatorT>("otto", Role::auditor, 9)}, ""},
      {"operator changed",
       {},
       {of_operator<schema::ChangeOperatorT>("anna", Role::auditor, 8)},
       ""},
      {"operator removed", {}, {remove_operator("anna")}, ""},
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(undo_tests)

BOOST_AUTO_TEST_CASE(H10_what_a_record_did_is_taken_back_whatever_it_was) {
  std::set<EventBody> undone;
  for (const auto& cases : {users_cases(), access_cases(), other_cases()}) {
    for (const Case& one : cases) {
      BOOST_TEST_CONTEXT(one.name) {
        Undone story(open_story());
        for (const auto& each : one.before) story.send({each}, one.tenant);
        const std::string before = access_text(story.story().state());
        const domain::Seq seq = story.send(one.record, one.tenant);
        const auto* record =
            flatbuffers::GetRoot<schema::Record>(story.story().world().records()[seq - 1].data());
        for (const schema::Event* event : *record->events()) undone.insert(event->body_type());
        if (record->events()->size() == 1)
          BOOST_TEST((access_text(story.story().state()) != before), "it did something");
        story.undo(seq);
        BOOST_TEST(access_text(story.story().state()) == before);
      }
    }
  }
  // What has no opposite is tested below; a tenant's users stay locked.
  BOOST_TEST(undone.size() == 26u);
}

BOOST_AUTO_TEST_CASE(H10_an_undo_is_undone_too) {
  Undone story(open_story());
  const domain::Seq seq = story.send({remove_grant("table/a"), api_access(false)});
  const std::string after = access_text(story.story().state());
  story.undo(seq);
  story.undo(story.story().state().seq());
  BOOST_TEST(access_text(story.story().state()) == after);
}

BOOST_AUTO_TEST_CASE(H10_a_later_record_that_rests_on_it_is_named) {
  struct Rest {
    Commands record;
    Commands later;
  };
  const auto disable = to("bob", schema::DisableUserT());
  const auto enable = to("bob", schema::EnableUserT());
  const Rest rests[] = {
      {{disable}, {enable}},
      {{api_access(false)}, {api_access(true)}},
      {{to("bob", schema::LockUserT())}, {to("bob", schema::UnlockUserT())}},
      {{renamed("bob", "robert")}, {renamed("robert", "rob")}},
      {{renamed("bob", "robert")}, {user("bob")}},
      {{settings(true, {})}, {settings(false, {})}},
      {{profile("Rob", "x", "y")}, {profile("Robert", "x", "y")}},
      {{key("bob", "second")}, {[] {
         schema::RevokeKeyT body;
         body.name = "second";
         return to("bob", std::move(body));
       }()}},
      {{allow("bob", "read", "table/d")}, {remove_grant("table/d")}},
      {{remove_grant("table/a")}, {allow("bob", "read", "table/a")}},
      {{assign("eve", "chief")}, {member<schema::UnassignRoleT>("eve", "chief")}},
      {{member<schema::UnassignRoleT>("bob", "clerk")}, {assign("bob", "clerk")}},
      {{role("temp")}, {assign("eve", "temp")}},
      {{role("temp")}, {role_grant(schema::Effect::allow, "temp", "read", "table/d")}},
      {{role("temp")}, {nest("chief", "temp")}},
      {{user("carl")}, {allow("carl", "read", "table/a")}},
      {{policies("API_", 60)}, {policies("API_", 70)}},
      {{define("door", "open", "door/front", "Front")}, {retire("door")}},
      {{define("door", "open", "door/front", "Front")}, {allow("bob", "open", "door/front")}},
      {{disable}, {to("bob", schema::TrashUserT()), to("bob", schema::DeleteUserT())}},
  };
  int number = 0;
  for (const Rest& rest : rests) {
    BOOST_TEST_CONTEXT("rest " << number++) {
      Undone story(open_story());
      const domain::Seq seq = story.send(rest.record);
      story.send({allow("eve", "read", "table/a")});
      story.refuses_naming(seq, story.send(rest.later));
    }
  }
}

BOOST_AUTO_TEST_CASE(H10_a_password_an_erasure_and_what_has_ended_never_come_back) {
  Undone story(open_story());
  const auto never = [&](const Commands& commands, const std::string& part) {
    story.refuses(story.send(commands), Code::undo_impossible, part);
  };
  never({reset("eve", "An0ther-horse")}, "old password");
  never({to("bob", schema::EndSessionsT())}, "stays ended");
  never({command(schema::EndTenantSessionsT())}, "stays ended");
  never({[] {
          schema::RevokeKeyT body;
          body.name = "till";
          return to("bob", std::move(body));
        }()},
        "never opens again");
  never({to("eve", schema::TrashUserT()), to("eve", schema::DeleteUserT())}, "never acts again");
  never({to("bob", schema::TrashUserT()), to("bob", schema::EraseUserT())}, "gone for ever");
  story.refuses(1, Code::undo_impossible, "");
  story.refuses(2, Code::undo_impossible, "never deleted");
}

BOOST_AUTO_TEST_CASE(H10_one_part_that_cannot_be_taken_back_keeps_the_whole) {
  Undone story(open_story());
  story.refuses(story.send({allow("eve", "read", "table/a"), reset("eve", "An0ther-horse")}),
                Code::undo_impossible);
}

BOOST_AUTO_TEST_CASE(H10_the_first_command_about_a_user_names_its_version) {
  Undone story(open_story());
  const domain::Seq seq = story.send({remove_grant("table/a"), remove_grant("table/b")});
  const auto plan = story.ask(seq);
  BOOST_REQUIRE(plan);
  BOOST_REQUIRE(plan->commands.size() == 2u);
  BOOST_TEST(plan->commands[0]->expected_version == story.story().user("bob").version);
  BOOST_TEST(plan->commands[1]->expected_version == 0u);
  BOOST_TEST(plan->undone->seq == seq);
  BOOST_TEST(plan->tenant == "acme");
}

BOOST_AUTO_TEST_CASE(H10_only_the_policies_that_the_record_changed_are_sent) {
  Undone story(open_story());
  story.send({policies("API_", 600)});
  schema::SetTenantT body;
  body.policies = std::make_unique<schema::PolicyChangesT>();
  body.policies->lock_seconds = 60;
  body.policies->username_prefix = "X_";
  const auto plan = story.ask(story.send({command(std::move(body))}));
  BOOST_REQUIRE(plan);
  BOOST_REQUIRE(plan->commands.size() == 1u);
  const auto& back = *plan->commands[0]->body.AsSetTenant();
  schema::PolicyChangesT expected;
  expected.lock_seconds = 600;
  expected.username_prefix = "API_";
  BOOST_TEST((*back.policies == expected));
  BOOST_TEST(back.display_name == "");
}

BOOST_AUTO_TEST_CASE(H10_a_name_that_changed_alone_takes_no_policy_with_it) {
  Undone story(open_story());
  schema::SetTenantT body;
  body.display_name = "Acme & Daughters";
  const std::string before = story.story().tenant().display_name;
  const auto plan = story.undo(story.send({command(std::move(body))}));
  BOOST_TEST((plan.commands[0]->body.AsSetTenant()->policies == nullptr));
  BOOST_TEST(story.story().tenant().display_name == before);
}

BOOST_AUTO_TEST_CASE(H10_K2_what_changes_between_plan_and_sending_is_a_conflict) {
  struct Between {
    Commands record;
    Commands later;
    std::string tenant = "acme";
  };
  const Between betweens[] = {
      {{policies("API_", 60)}, {policies("API_", 70)}},
      {{command(schema::DisableTenantT())}, {policies("API_", 70)}},
      {{define("door", "open", "door/front", "Front")}, {define("gate", "open", "gate/a", "A")}},
      {{role("temp")}, {role_grant(schema::Effect::allow, "temp", "read", "table/d")}},
      {{role_grant(schema::Effect::deny, "clerk", "read", "table/d")}, {role("temp")}},
      {{assign("eve", "chief")}, {role_grant(schema::Effect::allow, "chief", "read", "table/d")}},
      {{of_operator<schema::AddOperatorT>("otto", Role::auditor, 9)},
       {of_operator<schema::ChangeOperatorT>("otto", Role::manager, 9)},
       ""},
      {{of_operator<schema::ChangeOperatorT>("anna", Role::auditor, 8)},
       {of_operator<schema::ChangeOperatorT>("anna", Role::auditor, 9)},
       ""},
  };
  int number = 0;
  for (const Between& between : betweens) {
    BOOST_TEST_CONTEXT("between " << number++) {
      Undone story(open_story());
      const domain::Seq seq = story.send(between.record, between.tenant);
      const auto plan = story.ask(seq);
      BOOST_REQUIRE(plan);
      const domain::Seq later = story.send(between.later, between.tenant);
      Commands commands;
      for (const auto& command : plan->commands) commands.push_back(*command);
      story.story().by(Role::owner).in(plan->tenant);
      story.story().send(story.story().message(commands));
      const auto& outcome = story.story().outcome();
      BOOST_REQUIRE(!outcome.refusals.empty());
      BOOST_TEST(outcome.refusals[0].code == Code::version_conflict);
      BOOST_TEST(outcome.refusals[0].sentence.find("Record " + std::to_string(later) + " ") !=
                     std::string::npos,
                 outcome.refusals[0].sentence);
      BOOST_TEST(story.story().state().seq() == later);
    }
  }
}

BOOST_AUTO_TEST_CASE(H10_a_disabled_tenant_is_enabled_and_its_users_stay_locked) {
  Undone story(open_story());
  const auto plan = story.undo(story.send({command(schema::DisableTenantT())}));
  BOOST_TEST(story.story().tenant().enabled);
  BOOST_REQUIRE(plan.left.size() == 1u);
  BOOST_TEST(plan.left[0].find("stays locked") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(H10_O2_a_record_of_others_is_as_none) {
  Undone story(open_story());
  const domain::Seq seq = story.send({remove_grant("table/a")});
  story.send({tenant("other")}, "");
  story.send({add_operator("theirs", Role::owner, 20, {"other"})}, "");
  for (const domain::Seq one : {seq, domain::Seq{1}, domain::Seq{1'000}, domain::Seq{0}}) {
    const auto plan = story.ask(one, "theirs");
    BOOST_REQUIRE(!plan);
    BOOST_TEST(plan.error().code == Code::record_unknown);
    BOOST_TEST(plan.error().sentence == story.ask(5'000, "theirs").error().sentence);
  }
}

BOOST_AUTO_TEST_CASE(H10_U4_a_note_is_not_told_to_a_manager) {
  Undone story(open_story());
  const domain::Seq seq = story.send({profile("Rob", "another", "x")});
  const auto plan = story.ask(seq, "anna");
  BOOST_REQUIRE(!plan);
  BOOST_TEST(plan.error().code == Code::not_permitted);
  schema::SetProfileT name_alone;
  name_alone.profile = std::make_unique<schema::ProfileT>();
  name_alone.profile->last_name = "Builder";
  BOOST_TEST(bool(story.ask(story.send({to("bob", std::move(name_alone))}), "anna")));
}

BOOST_AUTO_TEST_CASE(H10_what_cannot_be_read_is_no_reason_to_go_on) {
  Undone story(open_story());
  const domain::Seq seq = story.send({settings(true, {"192.0.2.0/24"})});
  // What the settings were before.
  story.asked().unreadable = seq - 2;
  const auto plan = story.ask(seq);
  BOOST_REQUIRE(!plan);
  BOOST_TEST(plan.error().code == Code::too_large);
}

BOOST_AUTO_TEST_SUITE_END()
