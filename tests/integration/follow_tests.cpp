// Following at a terminal: a story for people, what it was for programs.
#include "tests/support/command_line.h"
#include "tests/support/messages.h"
#include "tests/support/terminal_program.h"

namespace postern::support {
namespace {

struct Follow : CommandLine {
  Follow() {
    done({"tenant", "create", "acme", "--preset", "exigo"});
    done({"--tenant", "acme", "user", "create", "api.bob", "--api-access", "on", "--api-logging",
          "on", "--reason", "T-7"});
    done({"--tenant", "acme", "grant", "add", "api.bob", "read", "table/customer-tables"});
  }
};

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

BOOST_FIXTURE_TEST_SUITE(follow_tests, Follow)

BOOST_AUTO_TEST_CASE(events_read_like_a_story_and_go_on_behind_a_restart) {
  TerminalProgram program(words({"events", "follow", "--from-seq", "2"}), {40, 160},
                          {{"TERM", "xterm"}, {"NO_COLOR", ""}});
  BOOST_TEST(program.wait_for("day, 20"), program.shown());
  BOOST_TEST(program.wait_for("owner created tenant acme"), program.shown());
  BOOST_TEST(program.wait_for("owner created user api.bob"), program.shown());
  BOOST_TEST(program.wait_for("(T-7)"), program.shown());
  BOOST_TEST(program.wait_for("owner granted to api.bob"), program.shown());
  BOOST_TEST(program.wait_for("effect=allow action=read resource=table/customer-tables"));
  done({"--tenant", "acme", "user", "lock", "api.bob", "--reason", "leaked"});
  BOOST_TEST(program.wait_for("owner locked api.bob"), program.shown());
  daemon.kill();
  BOOST_TEST(program.wait_for("Following goes on from seq 6."), program.shown());
  BOOST_REQUIRE_MESSAGE(daemon.start(), daemon.ended().said);
  BOOST_TEST(program.wait_for("The daemon answers again."), program.shown());
  done({"--tenant", "acme", "user", "unlock", "api.bob"});
  BOOST_TEST(program.wait_for("owner unlocked api.bob"), program.shown());
  program.type("\x03");
  const Ended ended = program.wait();
  BOOST_TEST(ended.code == 130);
  BOOST_TEST(program.is_as_before());
  BOOST_TEST(holds(ended.said, "\x1b["));
  BOOST_TEST(!holds(ended.said, "=none"), ended.said);
  BOOST_TEST(!holds(ended.said, "SEQ"), ended.said);
}

BOOST_AUTO_TEST_CASE(a_story_has_colours_only_where_they_are_wanted) {
  for (const TerminalProgram::Environment& environment :
       {TerminalProgram::Environment{{"TERM", "dumb"}, {"NO_COLOR", ""}},
        TerminalProgram::Environment{{"TERM", "xterm"}, {"NO_COLOR", "1"}}}) {
    TerminalProgram program(words({"events", "follow", "--from-seq", "2", "--count", "3"}),
                            {40, 160}, environment);
    const Ended ended = program.wait();
    BOOST_TEST(ended.code == 0, ended.said);
    BOOST_TEST(holds(ended.said, "owner created tenant acme"), ended.said);
    BOOST_TEST(!holds(ended.said, "\x1b"), ended.said);
  }
}

BOOST_AUTO_TEST_CASE(programs_are_told_as_before) {
  const std::string table = done({"events", "follow", "--from-seq", "2", "--count", "1"});
  BOOST_TEST(table.starts_with("SEQ"), table);
  BOOST_TEST(holds(table, "TenantCreated"), table);
  const std::string lines =
      done({"--output", "jsonl", "events", "follow", "--from-seq", "2", "--count", "1"});
  BOOST_TEST(lines.starts_with("{\"seq\":2"), lines);
  TerminalProgram program(
      words({"--output", "jsonl", "events", "follow", "--from-seq", "2", "--count", "1"}));
  BOOST_TEST(holds(program.wait().said, "{\"seq\":2"));
}

BOOST_AUTO_TEST_CASE(L1_calls_read_like_a_story) {
  TerminalProgram program(words({"--tenant", "acme", "calls", "follow", "--from", "0"}), {40, 160},
                          {{"TERM", "xterm"}, {"NO_COLOR", "1"}});
  done({"--tenant", "acme", "check", "api.bob", "read", "table/customer-tables", "--address",
        "192.0.2.7", "--client", "till", "--tls"});
  postern({"--tenant", "acme", "check", "api.bob", "write", "table/customer-tables", "--tls"});
  BOOST_TEST(program.wait_for("api.bob asked to read table/customer-tables from 192.0.2.7 with "
                              "till through owner, by name: allowed"),
             program.shown());
  BOOST_TEST(program.wait_for("api.bob asked to write table/customer-tables"), program.shown());
  BOOST_TEST(program.wait_for("denied: no_matching_grant"), program.shown());
  program.type("\x03");
  BOOST_TEST(program.wait().code == 130);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::support
