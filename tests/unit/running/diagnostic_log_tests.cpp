// What the daemon says to whoever runs it: every line has a form, no more than a few a minute of
// one event are said, and what is in a record is told once it is durable.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <set>

#include "daemon/credential/secret.h"
#include "daemon/running/diagnostic_log.h"
#include "tests/unit/service/whole_service.h"

namespace postern::support {

namespace {

using running::DiagnosticLog;
using service::diagnostic;
using service::Level;
using service::Line;

// Secrets and texts of messages make no value: whoever writes such a line does not get it compiled.
static_assert(!std::constructible_from<service::Value, credential::Secret>);
static_assert(!std::constructible_from<service::Value, const flatbuffers::String*>);
static_assert(!std::constructible_from<service::Value, std::vector<std::byte>>);

constexpr std::int64_t minute_ms = 60'000;

struct Logged {
  SimulatedClock clock;
  std::vector<std::string> said;
  DiagnosticLog log{clock, [this](std::string_view line) { said.emplace_back(line); }};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(diagnostic_log_tests)

BOOST_AUTO_TEST_CASE(each_event_has_a_name_of_its_own_and_says_something) {
  std::set<std::string_view> names;
  for (const service::LineForm& form : service::line_forms) {
    BOOST_TEST(names.insert(form.name).second, form.name);
    BOOST_TEST(form.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == form.name.npos);
    BOOST_TEST(!form.sentence.empty(), form.name);
    // Whoever must act is told what to do, by the table or by the failure that it tells of.
    const bool asks = form.level == Level::error || form.level == Level::warning;
    const bool tells_why = form.sentence.find("{why}") != form.sentence.npos;
    if (asks && !tells_why && form.line != Line::clock_behind_confirmed)
      BOOST_TEST(!form.remedy.empty(), form.name);
  }
}

BOOST_AUTO_TEST_CASE(the_handbook_has_the_table_as_it_is) {
  std::ifstream file(HANDBOOK "/diagnostics.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  BOOST_TEST((page == service::diagnostics_page()),
             "packaging/handbook/diagnostics.md is another: posternd diagnostics prints it anew");
}

BOOST_FIXTURE_TEST_CASE(a_line_names_its_event_and_what_to_do, Logged) {
  domain::User user;
  user.username = "api.bob";
  domain::Tenant tenant;
  tenant.alias = "acme";
  const auto told = diagnostic<Line::user_locked>(user, tenant);
  log.say(told);
  log.set_form({Level::info, false, true});
  log.say(told);
  log.set_form({Level::info, true, false});
  log.say(told);
  const std::string sentence =
      "user api.bob of tenant acme is locked: too many wrong passwords in a row";
  const std::string remedy =
      "See who sent them with 'postern events list --user USER', then reset the password.";
  BOOST_REQUIRE(said.size() == 3U);
  BOOST_TEST(said[0].ends_with("Z warning user_locked: " + sentence + ". " + remedy), said[0]);
  BOOST_TEST(said[1] == "<4>user_locked: " + sentence + ". " + remedy);
  BOOST_TEST(said[2].ends_with(
                 "\",\"level\":\"warning\",\"event\":\"user_locked\",\"sentence\":\"" + sentence +
                 "\",\"remedy\":\"" + remedy + "\",\"user\":\"api.bob\",\"tenant\":\"acme\"}"),
             said[2]);
}

BOOST_FIXTURE_TEST_CASE(a_failure_brings_its_own_remedy_and_no_control_character, Logged) {
  log.set_form({Level::info, true, false});
  log.say(diagnostic<Line::scrub_hindered>(
      Failure{FailureKind::input_output, "cannot read \"a\nb\".", "mend it"}));
  BOOST_REQUIRE(said.size() == 1U);
  BOOST_TEST(said[0].find("\\n") == std::string::npos, said[0]);
  BOOST_TEST(said[0].find('\n') == std::string::npos, said[0]);
  BOOST_TEST(
      said[0].find("\"remedy\":\"Mend it. It is tried again each minute.\"") != std::string::npos,
      said[0]);
}

BOOST_FIXTURE_TEST_CASE(of_one_event_five_lines_a_minute_are_said_and_the_rest_counted, Logged) {
  const auto told = diagnostic<Line::stranger_denied>(platform::Stranger{"uid:7"});
  for (int count = 0; count < 12; ++count) log.say(told);
  BOOST_TEST(said.size() == 5U);
  // Another event is not held back by it.
  log.say(diagnostic<Line::disk_low>());
  BOOST_TEST(said.size() == 6U);
  log.say_held_back();
  BOOST_TEST(said.size() == 6U);
  clock.advance_ms(minute_ms);
  log.say_held_back();
  BOOST_REQUIRE(said.size() == 7U);
  BOOST_TEST(
      said.back().find("7 more lines of stranger_denied were held back") != std::string::npos,
      said.back());
  log.say(told);
  BOOST_TEST(said.size() == 8U);
  BOOST_TEST(log.held_back() == 7U);
  BOOST_TEST(log.count(Line::stranger_denied) == 13U);
}

BOOST_FIXTURE_TEST_CASE(what_was_held_back_is_told_before_the_next_and_at_the_end, Logged) {
  const auto told = diagnostic<Line::stranger_denied>(platform::Stranger{"uid:7"});
  for (int count = 0; count < 6; ++count) log.say(told);
  clock.advance_ms(minute_ms);
  log.say(told);
  BOOST_REQUIRE(said.size() == 7U);
  BOOST_TEST(said[5].find("1 more lines of stranger_denied") != std::string::npos, said[5]);
  for (int count = 0; count < 5; ++count) log.say(told);
  log.say_all_held_back();
  BOOST_TEST(said.back().find("1 more lines of stranger_denied") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(lines_below_the_level_are_not_said, Logged) {
  log.say(diagnostic<Line::command_refused>(service::Author{}, schema::Code::user_exists));
  BOOST_TEST(said.empty());
  log.set_form({Level::debug, false, false});
  log.say(diagnostic<Line::command_refused>(service::Author{}, schema::Code::user_exists));
  BOOST_TEST(said.size() == 1U);
  log.set_form({Level::error, false, false});
  log.say(diagnostic<Line::snapshot_not_written>(Failure{}));
  BOOST_TEST(said.size() == 1U);
}

// ---- what records are told as

namespace {

struct Told : WholeService {
  std::vector<std::string> sentences() const {
    std::vector<std::string> all;
    for (const service::Diagnostic& line : lines)
      if (line.form().level != Level::debug) all.push_back(line.sentence());
    return all;
  }
  std::string last() const { return lines.empty() ? std::string() : lines.back().sentence(); }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(C5_a_lock_is_told_when_it_is_durable, Told) {
  schema::CreateTenantT tenant;
  tenant.alias = "acme";
  run("", "", std::move(tenant));
  schema::CreateUserT user;
  user.username = "api.bob";
  user.password = "correct horse 1";
  run("acme", "", std::move(user));
  add_operator("door", schema::Role::service, 7);
  lines.clear();
  for (int count = 0; count < 5; ++count) {
    schema::QueryT query;
    query.tenant = "acme";
    schema::PasswordCredentialT password;
    password.username = "api.bob";
    password.password = "wrong " + std::to_string(count);
    schema::AuthenticateT asked;
    asked.credential.Set(std::move(password));
    query.body.Set(std::move(asked));
    ask(std::move(query), "uid:7");
  }
  const std::vector<std::string> wanted = {
      "user api.bob of tenant acme is locked: too many wrong passwords in a row"};
  BOOST_TEST(sentences() == wanted, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(O3_what_becomes_of_operators_is_told, Told) {
  add_operator("eve", schema::Role::manager, 7);
  BOOST_TEST(last() == "operator eve was added by root");
  schema::RemoveOperatorT gone;
  gone.name = "eve";
  run("", "", std::move(gone));
  BOOST_TEST(last() == "operator eve was removed by root");
}

BOOST_FIXTURE_TEST_CASE(T2_a_disabled_tenant_is_told, Told) {
  schema::CreateTenantT tenant;
  tenant.alias = "acme";
  run("", "", std::move(tenant));
  run("acme", "", schema::DisableTenantT());
  BOOST_TEST(last() == "tenant acme was disabled by root: all of its users are denied");
}

BOOST_FIXTURE_TEST_CASE(O2_commands_that_are_not_permitted_are_told_with_a_count, Told) {
  add_operator("ann", schema::Role::auditor, 8);
  lines.clear();
  schema::CommandMessageT message;
  message.commands.emplace_back(std::make_unique<schema::CommandT>())
      ->body.Set(schema::CreateTenantT());
  send(std::move(message), "uid:8");
  const auto all = sentences();
  BOOST_TEST(std::ranges::count(all,
                                "operator ann sent commands that were refused: "
                                "not_permitted, 1 times") == 1);
}

BOOST_FIXTURE_TEST_CASE(whoever_is_no_operator_any_more_is_told_of, Told) {
  say_to_reader(std::vector<std::byte>(8), "uid:99");
  BOOST_TEST(last() == "messages were dropped: uid:99 is no operator any more");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
