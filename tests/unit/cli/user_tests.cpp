// Users at the command line: profile, note, settings, names, lists and zones of time.
#include <boost/test/unit_test.hpp>

#include "command_generated.h"
#include "tests/unit/cli/fixture.h"
#include "tools/text/time_zone.h"
#include "tools/text/times.h"

namespace postern::cli {
namespace {

using schema::CommandBody;
using support::FakeDaemon;

struct UtcAgain : Fixture {
  ~UtcAgain() { static_cast<void>(text::set_time_zone("")); }
};

BOOST_FIXTURE_TEST_SUITE(user_tests, UtcAgain)

BOOST_AUTO_TEST_CASE(U3_user_set_sends_what_was_said_to_each_in_one_batch) {
  const auto ended = postern(
      "--tenant acme user set api.bob api.eve --api-access off --email ops@acme.example "
      "--attribute cost=7 --attribute floor= --networks 192.0.2.0/24,AWS --skip-ip-check on "
      "--require-tls off --session-timeout 600 --api-logging on");
  BOOST_TEST(ended.exit_code == 0);
  const auto message = sent();
  BOOST_REQUIRE(message.commands.size() == 6U);
  BOOST_TEST(message.commands[0]->user == "api.bob");
  BOOST_TEST(message.commands[3]->user == "api.eve");
  BOOST_TEST((message.commands[3]->body.type == CommandBody::SetApiAccess));
  const auto& profile = *message.commands[4]->body.AsSetProfile()->profile;
  BOOST_TEST(profile.email == "ops@acme.example");
  BOOST_REQUIRE(profile.attributes.size() == 2U);
  BOOST_TEST(profile.attributes[0]->value == "7");
  BOOST_TEST(profile.attributes[1]->value == "");
  const auto& settings = *message.commands[5]->body.AsSetUserSettings();
  BOOST_TEST((settings.networks->entries == std::vector<std::string>{"192.0.2.0/24", "AWS"}));
  BOOST_TEST(settings.skip_ip_check.value_or(false));
  BOOST_TEST(!settings.secure_transport_required.value_or(true));
  BOOST_TEST(settings.session_timeout_seconds.value_or(0) == 600U);
  BOOST_TEST(settings.api_logging.value_or(false));
}

BOOST_AUTO_TEST_CASE(U11_user_erase_names_users_by_name_and_by_id) {
  const std::string id = "0190d6c8-8a51-7b3e-9c2f-000000000001";
  const auto ended = postern("--tenant acme user erase api.bob --user-id " + id + " --yes");
  BOOST_TEST(ended.exit_code == 0, ended.talk);
  const auto message = sent();
  BOOST_REQUIRE(message.commands.size() == 2U);
  for (const auto& command : message.commands)
    BOOST_TEST((command->body.type == CommandBody::EraseUser));
  BOOST_TEST(message.commands[0]->user == "api.bob");
  BOOST_TEST(message.commands[0]->user_id == nullptr);
  BOOST_TEST(message.commands[1]->user == "");
  BOOST_REQUIRE(message.commands[1]->user_id != nullptr);
  BOOST_TEST(client::uuid_text(*message.commands[1]->user_id) == id);
}

BOOST_AUTO_TEST_CASE(U11_user_erase_asks_first_and_sends_nothing_without_an_answer) {
  const auto unasked = postern("--tenant acme user erase api.bob", "yes\n");
  BOOST_TEST(unasked.exit_code == 64);
  BOOST_TEST(unasked.talk.find("--yes") != std::string::npos);
  BOOST_TEST(postern("--tenant acme user erase").exit_code == 64);
  BOOST_TEST(postern("--tenant acme user erase --user-id 7 --yes").exit_code == 64);
  // What changes nothing needs no asking.
  BOOST_TEST(postern("--tenant acme user erase api.bob --dry-run").exit_code == 0);
  const auto message = sent();
  BOOST_TEST(daemon.command_bytes.size() == 1U);
  BOOST_TEST(message.dry_run);
}

BOOST_AUTO_TEST_CASE(U3_U4_user_set_clears_what_is_named_and_leaves_the_rest) {
  BOOST_TEST(
      postern("--tenant acme user set api.bob --clear phone,note --expect-version 4").exit_code ==
      0);
  daemon.stop();
  const auto* message =
      flatbuffers::GetRoot<schema::CommandMessage>(daemon.command_bytes.at(0).data());
  BOOST_REQUIRE(message->commands()->size() == 1U);
  BOOST_TEST(message->commands()->Get(0)->expected_version() == 4U);
  const auto& body = *message->commands()->Get(0)->body_as_SetProfile();
  BOOST_REQUIRE(body.note() != nullptr);
  BOOST_TEST(body.note()->size() == 0U);
  BOOST_REQUIRE(body.profile()->phone() != nullptr);
  BOOST_TEST(body.profile()->phone()->size() == 0U);
  BOOST_TEST((body.profile()->email() == nullptr));
}

BOOST_AUTO_TEST_CASE(U3_send_keeps_empty_text) {
  BOOST_TEST(postern("send -", R"({"tenant": "acme", "commands": [{"user": "bob", "body_type":
                     "SetProfile", "body": {"profile": {"phone": ""}}}]})")
                 .exit_code == 0);
  daemon.stop();
  const auto* message =
      flatbuffers::GetRoot<schema::CommandMessage>(daemon.command_bytes.at(0).data());
  const auto& profile = *message->commands()->Get(0)->body_as_SetProfile()->profile();
  BOOST_REQUIRE(profile.phone() != nullptr);
  BOOST_TEST(profile.phone()->size() == 0U);
}

BOOST_AUTO_TEST_CASE(U3_a_user_is_created_with_settings) {
  BOOST_TEST(
      postern("--tenant acme user create api.bob --networks AWS --api-logging on").exit_code == 0);
  const auto message = sent();
  const auto& body = *message.commands.at(0)->body.AsCreateUser();
  BOOST_TEST(body.settings->networks->entries.at(0) == "AWS");
  BOOST_TEST(body.settings->api_logging);
  BOOST_TEST(body.profile == nullptr);
}

BOOST_AUTO_TEST_CASE(U2_a_user_without_a_name_is_one_whose_name_is_generated) {
  BOOST_TEST(postern("--tenant acme user create").exit_code == 0);
  const auto message = sent();
  BOOST_REQUIRE(message.commands.size() == 1U);
  BOOST_TEST(message.commands[0]->body.AsCreateUser()->username == "");
}

BOOST_AUTO_TEST_CASE(U2_user_rename_names_both) {
  BOOST_TEST(postern("--tenant acme user rename api.bob api.robert").exit_code == 0);
  const auto message = sent();
  BOOST_TEST(message.commands.at(0)->user == "api.bob");
  BOOST_TEST(message.commands.at(0)->body.AsRenameUser()->username == "api.robert");
}

BOOST_AUTO_TEST_CASE(U2_what_is_warned_about_is_said) {
  daemon.on_command = [](const auto& message) {
    auto receipt = FakeDaemon::receipt_to(message);
    receipt.events.push_back(std::make_unique<schema::EventT>());
    receipt.events[0]->body.Set(schema::UserCreatedT{});
    receipt.events[0]->warning = "The username does not begin with 'API_'.";
    return FakeDaemon::Replies{packed(receipt)};
  };
  const auto ended = postern("--tenant acme user create bob");
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(ended.talk == "Warning: The username does not begin with 'API_'.\n");
}

BOOST_AUTO_TEST_CASE(U3_what_makes_no_sense_is_a_usage_error) {
  BOOST_TEST(postern("--tenant acme user set api.bob").exit_code == 64);
  BOOST_TEST(postern("--tenant acme user set api.bob --attribute cost").exit_code == 64);
  BOOST_TEST(postern("--tenant acme user set api.bob --session-timeout long").exit_code == 64);
  BOOST_TEST(postern("--tenant acme user set api.bob --skip-ip-check 1").exit_code == 64);
  BOOST_TEST(postern("--tenant acme user set a b --phone 1 --expect-version 3").exit_code == 64);
}

// ---- lists

BOOST_AUTO_TEST_CASE(Q6_user_list_goes_on_from_where_the_page_says) {
  daemon.on_history = [](const auto& request) {
    const auto& list = *request.body.AsListUsers();
    BOOST_TEST((list.sort == schema::UserSort::last_used));
    BOOST_TEST(list.descending);
    BOOST_TEST(list.role == "clerk");
    schema::UserPageT users;
    users.users.push_back(std::make_unique<schema::UserSummaryT>());
    users.users[0]->username = list.after.empty() ? "one" : "two";
    users.users[0]->last_used_ns = 1'709'210'096'000'000'000;
    users.more = list.after.empty();
    if (users.more) users.next = "17/00";
    if (!list.after.empty()) BOOST_TEST(list.after == "17/00");
    auto page = FakeDaemon::page_to(request);
    page.body.Set(std::move(users));
    return FakeDaemon::Replies{packed(page)};
  };
  const auto ended = postern("--tenant acme user list --sort last-used --descending --role clerk");
  BOOST_TEST(ended.exit_code == 0);
  BOOST_TEST(contains(ended.out, "one "));
  BOOST_TEST(contains(ended.out, "two "));
  BOOST_TEST(contains(ended.out, "2024-02-29T12:34:56Z"));
  BOOST_TEST(postern("--tenant acme user list --sort weight").exit_code == 64);
}

BOOST_AUTO_TEST_CASE(Q6_user_show_tells_settings_roles_and_use) {
  daemon.on_history = [](const auto& request) {
    schema::UserViewT view;
    view.details = std::make_unique<schema::UserDetailsT>();
    view.details->settings = std::make_unique<schema::UserSettingsT>();
    view.details->settings->networks = std::make_unique<schema::NetworksT>();
    view.details->settings->networks->entries = {"AWS"};
    view.details->settings->skip_ip_check = true;
    view.details->use = std::make_unique<schema::UseT>();
    view.details->use->last_ns = 1'709'210'096'000'000'000;
    view.details->use->days.push_back(std::make_unique<schema::UseOfDayT>());
    view.details->use->days[0]->allowed = 41;
    view.roles.push_back(std::make_unique<schema::RoleHeldT>());
    view.roles[0]->name = "clerk";
    auto page = FakeDaemon::page_to(request);
    page.body.Set(std::move(view));
    return FakeDaemon::Replies{packed(page)};
  };
  const auto ended = postern("--tenant acme user show api.bob");
  for (const char* part :
       {"  networks       AWS\n", "  skip ip check  on\n", "  session timeout  the tenant's\n",
        "2024-02-29T12:34:56Z\n", "Use\n", "Roles\n", "clerk"})
    BOOST_TEST(contains(ended.out, part), part << " in\n" << ended.out);
}

BOOST_AUTO_TEST_CASE(S3_user_show_tells_no_sessions_of_who_has_the_name_now) {
  daemon.on_history = [](const auto& request) {
    if (request.body.AsListSessions() != nullptr) {
      schema::SessionPageT sessions;
      for (const std::uint64_t user : {1, 2}) {
        sessions.sessions.push_back(std::make_unique<schema::SessionViewT>());
        sessions.sessions.back()->user = std::make_unique<schema::Uuid>(0, user);
        sessions.sessions.back()->opened_ns =
            1'709'210'096'000'000'000 + static_cast<std::int64_t>(user) * 1'000'000'000;
      }
      return page_with(request, std::move(sessions));
    }
    const auto* get = request.body.AsGetUser();
    if (get == nullptr)
      return FakeDaemon::Replies{packed(FakeDaemon::page_to(request, schema::Code::not_permitted))};
    schema::UserViewT view;
    view.details = std::make_unique<schema::UserDetailsT>();
    view.details->id = std::make_unique<schema::Uuid>(0, 1);
    view.details->tenant = "acme";
    view.details->username = "twin";
    view.details->status =
        get->username.empty() ? schema::UserStatus::deleted : schema::UserStatus::active;
    view.details->settings = std::make_unique<schema::UserSettingsT>();
    return page_with(request, std::move(view));
  };
  const auto active = postern("--tenant acme user show twin");
  BOOST_TEST(contains(active.out, "2024-02-29T12:34:57Z"), active.out);
  BOOST_TEST(!contains(active.out, "2024-02-29T12:34:58Z"), active.out);
  const auto deleted =
      postern("--tenant acme user show --user-id 00000000-0000-0000-0000-000000000001");
  BOOST_TEST(contains(deleted.out, "Identity"), deleted.out);
  BOOST_TEST(!contains(deleted.out, "Sessions"), deleted.out);
}

// ---- U12

constexpr std::int64_t second_ns = 1'000'000'000;

BOOST_AUTO_TEST_CASE(U12_a_zone_changes_what_is_shown_daylight_saving_included) {
  BOOST_TEST(text::set_time_zone("Europe/Zurich"));
  // 2024: summer time from 31 March 01:00 UTC to 27 October 01:00 UTC.
  BOOST_TEST(text::time_text_short(1'711'846'799 * second_ns) == "2024-03-31T01:59:59+01:00");
  BOOST_TEST(text::time_text_short(1'711'846'800 * second_ns) == "2024-03-31T03:00:00+02:00");
  BOOST_TEST(text::time_text_short(1'729'990'799 * second_ns) == "2024-10-27T02:59:59+02:00");
  BOOST_TEST(text::time_text_short(1'729'990'800 * second_ns) == "2024-10-27T02:00:00+01:00");
  BOOST_TEST(text::time_text(1'711'846'800 * second_ns + 7) ==
             "2024-03-31T03:00:00.000000007+02:00");
  BOOST_TEST(text::set_time_zone("America/St_Johns"));
  BOOST_TEST(text::time_text_short(1'704'067'200 * second_ns) == "2023-12-31T20:30:00-03:30");
  BOOST_TEST(text::set_time_zone("UTC"));
  BOOST_TEST(text::time_text_short(1'711'846'800 * second_ns) == "2024-03-31T01:00:00Z");
}

BOOST_AUTO_TEST_CASE(U12_a_zone_nobody_knows_is_a_usage_error) {
  for (const char* zone : {"Mars/Olympus", "../../etc/passwd", "/etc/localtime", "CET;x"})
    BOOST_TEST(postern("--time-zone " + std::string(zone) + " status").exit_code == 64, zone);
}

BOOST_AUTO_TEST_CASE(U12_the_next_command_line_is_in_utc_again) {
  daemon.on_command = [](const auto& message) {
    auto receipt = FakeDaemon::receipt_to(message);
    receipt.seq = 12;
    receipt.time_ns = 1'709'210'096 * second_ns;
    receipt.events.push_back(std::make_unique<schema::EventT>());
    receipt.events[0]->body.Set(schema::UserLockedT{});
    return FakeDaemon::Replies{packed(receipt)};
  };
  const std::string lock = "--tenant acme user lock api.bob";
  BOOST_TEST(contains(postern("--time-zone Europe/Zurich " + lock).out, "13:34:56+01:00"));
  BOOST_TEST(contains(postern("--time-zone Europe/Zurich --output json " + lock).out,
                      "2024-02-29T13:34:56.000000000+01:00"));
  BOOST_TEST(contains(postern(lock).out, "12:34:56Z"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
