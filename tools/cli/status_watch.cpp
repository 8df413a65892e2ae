// Functions, not macros of names as common as `erase` and `move`.
#define NCURSES_NOMACROS 1
#include "tools/cli/status_watch.h"

#include <curses.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <utility>

#include "tools/cli/access.h"
#include "tools/cli/session.h"
#include "tools/cli/status_board.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"

namespace postern::cli {
namespace {

using Clock = std::chrono::steady_clock;
using text::Style;

/// Whoever looks on does not wait longer for a daemon that hangs.
constexpr std::chrono::milliseconds answer_patience{1'000};
/// How soon a signal is seen.
constexpr int key_patience_ms = 100;

std::int64_t system_now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Asks, by a connection of its own that is made anew where the daemon was away.
class StatusAsker {
 public:
  explicit StatusAsker(const Session& session) : options_(reach(session.access())) {
    options_.timeout = std::min(options_.timeout, answer_patience);
    options_.retries = 0;
  }

  /// A daemon that is away is told of by the board; anything else ends it.
  void ask(StatusBoard& board) {
    if (!client_) connect();
    schema::QueryT query;
    query.body.Set(schema::GetStatusT{});
    const auto answer = client_->ask(std::move(query));
    if (answer && answer->code == schema::Code::ok)
      return board.take(Session::part(answer->body.AsStatus()), Clock::now());
    if (answer) {
      const bool is_going =
          answer->code == schema::Code::stopping || answer->code == schema::Code::busy;
      if (!is_going)
        throw Stop{exit_code_of(answer->code, exit_codes::missing),
                   text::code_sentence(answer->code), text::code_remedy(answer->code)};
      return board.lose(text::code_sentence(answer->code), system_now_ns());
    }
    if (answer.error().kind != client::ErrorKind::unreachable)
      throw Stop{client::exit_code(answer.error()), answer.error().sentence, answer.error().remedy};
    board.lose(answer.error().sentence, system_now_ns());
    client_.reset();
  }

 private:
  void connect() {
    auto made = client::Client::make(client::Options(options_));
    if (!made)
      throw Stop{client::exit_code(made.error()), made.error().sentence, made.error().remedy};
    client_.emplace(std::move(*made));
  }

  client::Options options_;
  std::optional<client::Client> client_;
};

// ---- a board

volatile sig_atomic_t ended_by = 0;

/// The library's screen. Whatever ends it, a signal too, the terminal is put back first.
class BoardScreen {
 public:
  BoardScreen() {
    std::setlocale(LC_CTYPE, "");
    ended_by = 0;
    // Before the library, which would end the program itself.
    struct sigaction action {};
    action.sa_handler = [](int signal) { ended_by = signal; };
    for (std::size_t index = 0; index < std::size(signals_); ++index)
      ::sigaction(signals_[index], &action, &before_[index]);
    screen_ = ::newterm(nullptr, stdout, stdin);
    if (screen_ == nullptr) return;
    ::cbreak();
    ::noecho();
    ::keypad(stdscr, TRUE);
    ::wtimeout(stdscr, key_patience_ms);
    ::curs_set(0);
    const char* plain = std::getenv("NO_COLOR");
    has_colours_ = (plain == nullptr || *plain == '\0') && ::has_colors() == TRUE;
    if (!has_colours_) return;
    ::start_color();
    ::use_default_colors();
    ::init_pair(1, COLOR_GREEN, -1);
    ::init_pair(2, COLOR_RED, -1);
    ::init_pair(3, COLOR_YELLOW, -1);
  }
  ~BoardScreen() {
    if (screen_ != nullptr) {
      ::endwin();
      ::delscreen(screen_);
    }
    for (std::size_t index = 0; index < std::size(signals_); ++index)
      ::sigaction(signals_[index], &before_[index], nullptr);
    if (ended_by != 0) ::raise(ended_by);
  }
  BoardScreen(const BoardScreen&) = delete;
  BoardScreen& operator=(const BoardScreen&) = delete;

  bool is_there() const { return screen_ != nullptr; }
  void draw(const StatusBoard& board, const Watching& watching);
  /// Until the time is over, and where it is over already for one key; true if it was quit.
  bool wait(Clock::time_point until, const StatusBoard& board, const Watching& watching);

 private:
  static constexpr int signals_[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

  attr_t look_of(Style style) const {
    if (style == Style::heading) return A_BOLD;
    if (style == Style::faint) return A_DIM;
    if (!has_colours_) return style == Style::bad ? A_BOLD : A_NORMAL;
    if (style == Style::good) return static_cast<attr_t>(COLOR_PAIR(1));
    if (style == Style::bad) return static_cast<attr_t>(COLOR_PAIR(2)) | A_BOLD;
    return style == Style::doubtful ? static_cast<attr_t>(COLOR_PAIR(3)) : A_NORMAL;
  }
  /// Cut where the place ends.
  void put(int row, int column, int width, const BoardLine& line) const;

  SCREEN* screen_ = nullptr;
  bool has_colours_ = false;
  std::size_t heads_shown_ = 0;
  struct sigaction before_[std::size(signals_)]{};
};

void BoardScreen::put(int row, int column, int width, const BoardLine& line) const {
  constexpr int name_width = 20;
  if (row >= LINES - 1 || width <= name_width + 1) return;
  const std::string name = text::printable(line.name);
  const std::string value = text::printable(line.value);
  ::mvaddnstr(row, column, name.c_str(), name_width);
  ::attron(static_cast<int>(look_of(line.style)));
  ::mvaddnstr(row, column + name_width + 1, value.c_str(), width - name_width - 2);
  ::attroff(static_cast<int>(look_of(line.style)));
}

void BoardScreen::draw(const StatusBoard& board, const Watching& watching) {
  constexpr int cell_width = 40;
  const auto heads = board.heads();
  // Where lines have moved, the whole is painted anew.
  if (std::exchange(heads_shown_, heads.size()) != heads.size()) ::clear();
  ::erase();
  int row = 0;
  for (const BoardLine& line : heads) put(row++, 0, COLS, line);
  ++row;
  const auto figures = board.figures();
  const int columns = std::max(1, COLS / cell_width);
  const int rows = (static_cast<int>(figures.size()) + columns - 1) / columns;
  for (int index = 0; index < static_cast<int>(figures.size()); ++index)
    put(row + index % rows, index / rows * cell_width, std::min(COLS, cell_width),
        figures[static_cast<std::size_t>(index)]);
  const std::string foot = text::time_text_short(system_now_ns()) + "   every " +
                           std::to_string(watching.interval.count()) + " ms   q quits";
  ::attron(A_DIM);
  ::mvaddnstr(LINES - 1, 0, foot.c_str(), std::max(COLS - 1, 0));
  ::attroff(A_DIM);
  ::refresh();
}

bool BoardScreen::wait(Clock::time_point until, const StatusBoard& board,
                       const Watching& watching) {
  // A daemon that is away takes the whole interval to ask, and keys are heard all the same.
  do {
    const int key = ::getch();
    if (key == 'q' || key == 'Q') return true;
    if (key == KEY_RESIZE) {
      ::clear();
      draw(board, watching);
    }
  } while (ended_by == 0 && Clock::now() < until);
  return ended_by != 0;
}

/// False where the terminal can show none.
bool run_board(StatusAsker& asker, StatusBoard& board, const Watching& watching) {
  BoardScreen screen;
  if (!screen.is_there()) return false;
  for (std::uint64_t count = 1;; ++count) {
    const auto next = Clock::now() + watching.interval;
    asker.ask(board);
    screen.draw(board, watching);
    if (count == watching.count_max || screen.wait(next, board, watching)) return true;
  }
}

// ---- blocks

void run_blocks(Session& session, StatusAsker& asker, StatusBoard& board,
                const Watching& watching) {
  for (std::uint64_t count = 1; session.out(); ++count) {
    const auto next = Clock::now() + watching.interval;
    asker.ask(board);
    text::Fields fields;
    fields.add("time", text::time_text_short(system_now_ns()));
    for (const auto& lines : {board.heads(), board.figures()})
      for (const BoardLine& line : lines) fields.add(line.name, line.value);
    fields.write(session.out());
    session.out() << '\n' << std::flush;
    if (count == watching.count_max) return;
    std::this_thread::sleep_until(next);
  }
}

/// A board moves the cursor, so the terminal must be able to, and the one that is typed at too.
bool wants_board(Session& session) {
  const char* term = std::getenv("TERM");
  return text::screen_of(session.out()).width != 0 && ::isatty(STDIN_FILENO) == 1 &&
         term != nullptr && std::strcmp(term, "dumb") != 0;
}

}  // namespace

int watch_status(Session& session, const Watching& watching) {
  if (session.format() != text::Format::table)
    stop_usage("--watch is for people; a program asks again when it wants to know.",
               "Leave out --output or --watch.");
  StatusAsker asker(session);
  StatusBoard board;
  if (!wants_board(session) || !run_board(asker, board, watching))
    run_blocks(session, asker, board, watching);
  return exit_codes::yes;
}

}  // namespace postern::cli
