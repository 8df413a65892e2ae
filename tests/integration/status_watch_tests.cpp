// The live board at a real terminal: what it shows, how it ends, what the terminal is like after.
#include <signal.h>

#include "tests/support/command_line.h"
#include "tests/support/terminal_program.h"

namespace postern::support {
namespace {

struct Watch : CommandLine {
  std::vector<std::string> watch(std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"status", "--watch", "--interval", "0.2"};
    std::ranges::move(more, std::back_inserter(all));
    return words(std::move(all));
  }
};

const TerminalProgram::Environment xterm{{"TERM", "xterm"}, {"NO_COLOR", ""}};

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto place = text.find(part); place != text.npos; place = text.find(part, place + 1))
    ++count;
  return count;
}

BOOST_FIXTURE_TEST_SUITE(status_watch_tests, Watch)

BOOST_AUTO_TEST_CASE(a_board_outlives_the_daemon_and_gives_the_terminal_back) {
  TerminalProgram program(watch(), {30, 100}, xterm);
  BOOST_TEST(program.wait_for("healthy"), program.shown());
  BOOST_TEST(program.wait_for("history_requests"), program.shown());
  BOOST_TEST(program.wait_for("q quits"), program.shown());
  BOOST_TEST(!program.is_as_before());
  program.resize({40, 120});
  BOOST_TEST(program.wait_for("healthy"), program.shown());
  daemon.kill();
  BOOST_TEST(program.wait_for("not reachable since"), program.shown());
  BOOST_REQUIRE_MESSAGE(daemon.start(), daemon.ended().said);
  BOOST_TEST(program.wait_for("healthy"), program.shown());
  BOOST_TEST(program.wait_for("q quits"), program.shown());
  program.type("q");
  const Ended ended = program.wait();
  BOOST_TEST(ended.code == 0);
  BOOST_TEST(program.is_as_before());
  // The screen of before, and its cursor.
  BOOST_TEST(count_of(ended.said, "\x1b[?1049l") == 1U);
}

BOOST_AUTO_TEST_CASE(a_board_hears_keys_and_a_new_size_while_the_daemon_is_away) {
  TerminalProgram program(watch(), {30, 100}, xterm);
  BOOST_TEST(program.wait_for("q quits"), program.shown());
  daemon.kill();
  BOOST_TEST(program.wait_for("not reachable since"), program.shown());
  // Painted anew.
  program.resize({20, 80});
  BOOST_TEST(program.wait_for("q quits"), program.shown());
  program.type("q");
  BOOST_TEST(program.wait().code == 0);
  BOOST_TEST(program.is_as_before());
}

BOOST_AUTO_TEST_CASE(whatever_ends_a_board_the_terminal_is_as_before) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    TerminalProgram program(watch(), {24, 80}, xterm);
    BOOST_TEST(program.wait_for("q quits"), program.shown());
    if (signal == SIGINT)
      program.type("\x03");
    else
      ::kill(program.process(), signal);
    BOOST_TEST(program.wait().code == 128 + signal);
    BOOST_TEST(program.is_as_before());
    BOOST_TEST(count_of(program.shown(), "\x1b[?1049l") == 1U);
  }
}

BOOST_AUTO_TEST_CASE(a_small_terminal_shows_what_fits) {
  TerminalProgram program(watch({"--count", "2"}), {6, 30}, xterm);
  const Ended ended = program.wait();
  BOOST_TEST(ended.code == 0);
  BOOST_TEST(count_of(ended.said, "healthy") > 0U, ended.said);
  BOOST_TEST(program.is_as_before());
}

BOOST_AUTO_TEST_CASE(where_no_board_can_be_there_are_blocks) {
  TerminalProgram program(watch({"--count", "2"}), {24, 80}, {{"TERM", "dumb"}, {"NO_COLOR", ""}});
  const Ended dumb = program.wait();
  const Ended piped = postern({"status", "--watch", "--interval", "0.2", "--count", "2"});
  for (const Ended& ended : {dumb, piped}) {
    BOOST_TEST(ended.code == 0, ended.said);
    BOOST_TEST(count_of(ended.said, "healthy") == 2U, ended.said);
    BOOST_TEST(count_of(ended.said, "\x1b") == 0U);
    // Each asks once.
    BOOST_TEST(count_of(ended.said, "/s") > 0U, ended.said);
  }
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_a_usage_error_and_a_daemon_away_is_told) {
  BOOST_TEST(postern({"status", "--interval", "2"}).code == 64);
  BOOST_TEST(postern({"status", "--watch", "--digest"}).code == 64);
  BOOST_TEST(postern({"status", "--watch", "--output", "json"}).code == 64);
  BOOST_TEST(postern({"status", "--watch", "--interval", "0"}).code == 64);
  daemon.stop();
  BOOST_TEST(postern({"status", "--watch", "--count", "1"}).code == 69);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::support
