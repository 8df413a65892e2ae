#include "tests/support/terminal_program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>

namespace postern::support {

namespace {

constexpr auto patience = std::chrono::minutes(2);

winsize window_of(WindowSize size) { return {size.rows, size.columns, 0, 0}; }

/// In the child: nothing but what comes before a program is allowed here.
[[noreturn]] void become(const std::vector<std::string>& arguments, int terminal,
                         const TerminalProgram::Environment& environment) {
  ::setsid();
  ::ioctl(terminal, TIOCSCTTY, 0);
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::dup2(terminal, descriptor);
  for (const auto& [name, value] : environment)
    value.empty() ? ::unsetenv(name.c_str()) : ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> words;
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execv(words[0], words.data());
  ::_exit(127);
}

}  // namespace

TerminalProgram::TerminalProgram(const std::vector<std::string>& arguments, WindowSize size,
                                 const Environment& environment) {
  const winsize window = window_of(size);
  BOOST_REQUIRE(::openpty(&screen_, &keyboard_, nullptr, nullptr, &window) == 0);
  for (const int descriptor : {screen_, keyboard_}) ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  process_ = ::fork();
  BOOST_REQUIRE(process_ >= 0);
  if (process_ == 0) become(arguments, keyboard_, environment);
}

TerminalProgram::~TerminalProgram() {
  if (!ended_) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  ::close(screen_);
  ::close(keyboard_);
}

bool TerminalProgram::read_on() {
  pollfd ready{screen_, POLLIN, 0};
  if (::poll(&ready, 1, 100) > 0) {
    char block[4'096];
    const auto count = ::read(screen_, block, sizeof block);
    if (count > 0) shown_.append(block, static_cast<std::size_t>(count));
    return true;
  }
  // What it wrote last is read before its end is told.
  if (!ended_) ended_ = ::waitpid(process_, &status_, WNOHANG) == process_;
  return !ended_;
}

bool TerminalProgram::wait_for(const std::string& text) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto found = shown_.find(text, waited_);
    if (found != std::string::npos) {
      waited_ = found + text.size();
      return true;
    }
    if (std::chrono::steady_clock::now() > until) return false;
    if (!read_on() && shown_.find(text, waited_) == std::string::npos) return false;
  }
}

void TerminalProgram::type(const std::string& keys) const {
  BOOST_REQUIRE(::write(screen_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
}

void TerminalProgram::resize(WindowSize size) const {
  const winsize window = window_of(size);
  BOOST_REQUIRE(::ioctl(screen_, TIOCSWINSZ, &window) == 0);
}

Ended TerminalProgram::wait() {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (read_on()) BOOST_REQUIRE(std::chrono::steady_clock::now() < until);
  while (read_on()) {
  }
  return {WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_),
          !WIFEXITED(status_) && WCOREDUMP(status_), shown_};
}

bool TerminalProgram::is_as_before() const {
  termios modes{};
  BOOST_REQUIRE(::tcgetattr(keyboard_, &modes) == 0);
  constexpr tcflag_t usual = ECHO | ICANON | ISIG;
  return (modes.c_lflag & usual) == usual;
}

}  // namespace postern::support
