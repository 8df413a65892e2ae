// Figures of the live board, from one answer to the next.
#include <boost/test/unit_test.hpp>

#include "tools/cli/status_board.h"

namespace postern::cli {
namespace {

schema::StatusT status_with(std::uint64_t seq, std::uint64_t commands, std::uint64_t busy = 0) {
  schema::StatusT status;
  status.seq = seq;
  const std::pair<const char*, std::uint64_t> counters[] = {
      {"commands", commands}, {"busy", busy}, {"passwords_waiting", commands}};
  for (const auto& [name, value] : counters) {
    status.counters.push_back(std::make_unique<schema::CounterT>());
    status.counters.back()->name = name;
    status.counters.back()->value = value;
  }
  return status;
}

std::string value_of(const std::vector<BoardLine>& lines, const std::string& name) {
  for (const BoardLine& line : lines)
    if (line.name == name) return line.value;
  return "";
}

struct Board {
  StatusBoard board;
  StatusBoard::Clock::time_point begun = StatusBoard::Clock::now();

  void take(const schema::StatusT& status, int seconds) {
    board.take(status, begun + std::chrono::seconds(seconds));
  }
};

BOOST_FIXTURE_TEST_SUITE(status_board_tests, Board)

BOOST_AUTO_TEST_CASE(a_rate_is_of_two_answers) {
  BOOST_TEST(board.heads().empty());
  take(status_with(10, 1'000), 0);
  BOOST_TEST(value_of(board.heads(), "seq") == "10");
  BOOST_TEST(value_of(board.figures(), "commands") == "1,000");
  take(status_with(30, 2'000), 4);
  BOOST_TEST(value_of(board.heads(), "seq") == "30  5.0/s");
  BOOST_TEST(value_of(board.figures(), "commands") == "2,000  250.0/s");
  // What goes up and down has none.
  BOOST_TEST(value_of(board.figures(), "passwords_waiting") == "2,000");
  take(status_with(30, 2'000), 5);
  BOOST_TEST(value_of(board.figures(), "commands") == "2,000");
}

BOOST_AUTO_TEST_CASE(a_daemon_that_began_anew_has_no_rate_at_first) {
  take(status_with(10, 1'000), 0);
  take(status_with(10, 3), 1);
  BOOST_TEST(value_of(board.figures(), "commands") == "3");
}

BOOST_AUTO_TEST_CASE(trouble_is_told_where_there_is_some) {
  take(status_with(10, 1), 0);
  BOOST_TEST(value_of(board.figures(), "busy") == "");
  auto status = status_with(10, 1, 7);
  status.warnings = {"the disk is slow"};
  status.commands_refused = schema::Code::disk_low;
  take(status, 1);
  BOOST_TEST(value_of(board.figures(), "busy") == "7  7.0/s");
  BOOST_TEST(value_of(board.heads(), "warning") == "the disk is slow");
  BOOST_TEST(value_of(board.heads(), "state") == "commands are refused: disk_low");
}

BOOST_AUTO_TEST_CASE(a_daemon_away_is_told_since_when_and_the_figures_stay) {
  take(status_with(10, 1'000), 0);
  board.lose("Nobody answers.", 1'709'210'096'000'000'000);
  board.lose("Nobody answers.", 1'709'210'099'000'000'000);
  BOOST_TEST(value_of(board.heads(), "daemon") ==
             "not reachable since 2024-02-29T12:34:56Z: Nobody answers.");
  BOOST_TEST(value_of(board.figures(), "commands") == "1,000");
  take(status_with(10, 1'000), 9);
  BOOST_TEST(value_of(board.heads(), "daemon") == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace postern::cli
