#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <iostream>

#include "tools/cli/cli.h"
#include "tools/cli/completion.h"
#include "tools/text/screen.h"

namespace {

/// A shell that waits for completions waits no longer than this, whatever hangs.
void end_soon() {
  struct sigaction action {};
  action.sa_handler = [](int) { ::_exit(0); };
  ::sigaction(SIGALRM, &action, nullptr);
  const auto deadline = postern::cli::completion_deadline();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(deadline);
  const std::chrono::microseconds rest = deadline - seconds;
  const itimerval patience{{0, 0}, {seconds.count(), rest.count()}};
  ::setitimer(ITIMER_REAL, &patience, nullptr);
}

}  // namespace

int main(int count, char** arguments) {
  // Whoever stops reading ends this quietly, even where the caller ignores the signal.
  ::signal(SIGPIPE, SIG_DFL);
  postern::text::set_screen(std::cout, postern::text::screen_at(STDOUT_FILENO));
  postern::text::set_screen(std::cerr, postern::text::screen_at(STDERR_FILENO));
  const std::vector<std::string> given(arguments + 1, arguments + count);
  if (!given.empty() && given[0] == postern::cli::completion_word) end_soon();
  return postern::cli::run(given,
                           {STDIN_FILENO, std::cout, std::cerr, ::isatty(STDERR_FILENO) == 1});
}
