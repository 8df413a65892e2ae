#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "tests/unit/replay/fixture.h"
#include "tools/text/ids.h"

namespace postern::replay {

namespace json = boost::json;

namespace {

/// A table with bars for the space between its columns.
std::string columns(const std::string& table) {
  std::string bars;
  for (std::size_t at = 0; at < table.size();) {
    const std::size_t end = std::min(table.find_first_not_of(' ', at), table.size());
    bars += end - at > 1 ? "|" : table.substr(at, end - at);
    at = std::min(table.find(' ', end), table.size());
    bars += table.substr(end, at - end);
  }
  return bars;
}

struct Shown : DataFolderFixture {
  /// The seqs of what is shown, in both forms.
  std::string seqs(const std::string& options) {
    const Ended ended = replay("show --output jsonl " + options);
    BOOST_TEST(ended.code == 0, ended.talk);
    std::string seqs;
    std::istringstream lines(ended.out);
    for (std::string line; std::getline(lines, line);)
      seqs += " " + std::to_string(json::parse(line).at("seq").as_int64());
    return seqs;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(show_tests, Shown)

BOOST_AUTO_TEST_CASE(Q7_records_are_shown_by_the_names_they_had_then) {
  const Ended ended = replay("show --from-seq 9 --count 3");
  BOOST_TEST(ended.code == 0);
  BOOST_TEST(columns(ended.out) ==
             "SEQ|TIME|OPERATOR|TENANT|USER|EVENT|DETAILS|REASON\n"
             "9|1970-01-01T00:00:09Z|anna|acme|api.bob|PasswordReset|-|-\n"
             "10|1970-01-01T00:00:10Z|daemon|acme|api.bob|PasswordFailed|failures=1 service=" +
                 text::uuid_text(support::an_operator(schema::Role::service).id) +
                 "|-\n"
                 "11|1970-01-01T00:00:11Z|anna|acme|api.al|UserLocked|cause=operator_command|-\n");
}

BOOST_AUTO_TEST_CASE(Q7_records_are_found_by_what_they_are_about) {
  BOOST_TEST(seqs("") == " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
  BOOST_TEST(seqs("--from-seq 14") == " 14 15");
  BOOST_TEST(seqs("--count 2") == " 1 2");
  BOOST_TEST(seqs("--tenant zenith") == " 3");
  BOOST_TEST(seqs("--operator anna") == " 7 8 9 11 12 13 14");
  BOOST_TEST(seqs("--operator daemon") == " 10");
  BOOST_TEST(seqs("--kind GrantAdded") == " 7 8");
  BOOST_TEST(seqs("--tenant acme --user api.bob") == " 5 7 9 10");
  BOOST_TEST(seqs("--tenant acme --user API.Bob --kind GrantAdded") == " 7");
  BOOST_TEST(seqs("--tenant zenith --user api.bob") == "", "known, but not there");
  BOOST_TEST(seqs("--operator anna --from-seq 8 --count 3 --kind GrantAdded") == " 8");
}

BOOST_AUTO_TEST_CASE(Q7_a_name_that_two_users_had_shows_both_and_an_id_one) {
  BOOST_TEST(seqs("--tenant acme --user api.al") == " 6 8 11 12 13 14 15");
  const auto id = json::parse(replay("show --output jsonl --from-seq 15").out)
                      .at("events")
                      .at(0)
                      .at("user")
                      .as_string();
  BOOST_TEST(seqs("--user " + std::string(id)) == " 15");
}

BOOST_AUTO_TEST_CASE(Q7_who_removed_himself_keeps_his_name) {
  story().by(schema::Role::owner).given(support::add_operator("otto", schema::Role::owner, 9));
  schema::RemoveOperatorT himself;
  himself.name = "otto";
  story().by("otto").given(support::command(himself));
  append_story();
  BOOST_TEST(seqs("--operator otto") == " 17");
  BOOST_TEST(contains(columns(replay("show --from-seq 17").out), "|otto|-|-|OperatorRemoved|"));
}

BOOST_AUTO_TEST_CASE(Q7_roles_and_keys_are_told_by_name_even_when_they_go) {
  using support::command;
  using support::to;
  story().by(schema::Role::owner);
  schema::CreateRoleT role;
  role.name = "clerk";
  schema::AssignRoleT assign;
  assign.role = "clerk";
  schema::UnassignRoleT unassign;
  unassign.role = "clerk";
  schema::DeleteRoleT gone;
  gone.name = "clerk";
  schema::CreateKeyT key;
  key.name = "ci";
  schema::RevokeKeyT revoke;
  revoke.name = "ci";
  story().given(command(role), to("api.bob", assign), to("api.bob", unassign), command(gone),
                to("api.bob", key), to("api.bob", revoke));
  append_story();
  const std::string shown = columns(replay("show --from-seq 16").out);
  for (const char* row :
       {"|RoleCreated|name=clerk description=none|", "|api.bob|RoleAssigned|role=clerk|",
        "|api.bob|RoleUnassigned|role=clerk|", "|RoleDeleted|role=clerk|",
        "|api.bob|KeyCreated|name=ci expires=none narrowed_to=none|",
        "|api.bob|KeyRevoked|key=ci|"})
    BOOST_TEST(contains(shown, row), row << " is not in\n" << shown);
}

/// A record of a batch has the events of many users, and of many kinds.
BOOST_AUTO_TEST_CASE(Q7_of_a_record_the_table_shows_the_events_that_were_asked_for) {
  using support::to;
  story().by("anna").when(to("api.bob", schema::LockUserT()), to("api.bob", schema::UnlockUserT()),
                          support::allow("api.al", "read", "table/order"));
  append_story();
  const auto rows = [&](const std::string& more) {
    const std::string shown = replay("show --from-seq 16 " + more).out;
    return std::ranges::count(shown, '\n') - 1;
  };
  BOOST_TEST(rows("") == 3);
  BOOST_TEST(rows("--tenant acme --user api.bob") == 2);
  BOOST_TEST(rows("--tenant acme --user api.al") == 1);
  BOOST_TEST(rows("--kind UserLocked") == 1);
  BOOST_TEST(rows("--kind GrantAdded --tenant acme --user api.al") == 1);
  BOOST_TEST(
      contains(replay("--output jsonl show --from-seq 16 --kind UserLocked").out, "GrantAdded"));
}

BOOST_AUTO_TEST_CASE(json_is_an_array_and_jsonl_a_line_each) {
  const auto array = json::parse(replay("--output json show --tenant acme").out).as_array();
  BOOST_TEST(array.size() == 12U);
  BOOST_TEST(replay("--output json show --tenant zenith --kind UserLocked").out == "[]\n");
}

BOOST_AUTO_TEST_CASE(names_that_nothing_ever_had_end_66) {
  for (const char* line :
       {"show --tenant nobody", "show --operator nobody", "show --tenant acme --user nobody"}) {
    const Ended ended = replay(line);
    BOOST_TEST(ended.code == 66, line);
    BOOST_TEST(contains(ended.talk, "ever had the name nobody"));
  }
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_ends_64_before_anything_is_read) {
  BOOST_TEST(replay("show --kind UserMoved").code == 64);
  BOOST_TEST(replay("show --user api.bob").code == 64, "a username needs its tenant");
}

BOOST_AUTO_TEST_CASE(strangers_words_cannot_move_the_cursor) {
  put(16, next_record([](schema::RecordT& record) {
        record.reason = "a\nb\x1b[2J\xe2\x80\xae\xff \xc3\xa9";
      }));
  BOOST_TEST(contains(replay("show --from-seq 16").out, "a\\x0ab\\x1b[2J\\u202e\\xff \xc3\xa9\n"));
  BOOST_TEST(contains(replay("show --from-seq 16 --output jsonl").out,
                      "\"a\\nb\\u001b[2J\\u202e\xef\xbf\xbd \xc3\xa9\""));
}

BOOST_AUTO_TEST_CASE(what_lies_before_the_damage_is_shown_with_it) {
  put(8, records()[8]);
  const Ended ended = replay("show --kind GrantAdded");
  BOOST_TEST(ended.code == 65);
  BOOST_TEST(contains(ended.out, "\n7  "));
  BOOST_TEST(contains(ended.talk, "record 9 stands where record 8 belongs"));
  // Nothing behind the last that was asked for is read.
  BOOST_TEST(replay("show --count 7").code == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::replay
