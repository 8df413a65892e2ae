#include <signal.h>
#include <unistd.h>

#include <iostream>

#include "tools/cli/cli.h"
#include "tools/text/screen.h"

int main(int count, char** arguments) {
  // Whoever stops reading ends this quietly, even where the caller ignores the signal.
  ::signal(SIGPIPE, SIG_DFL);
  postern::text::set_screen(std::cout, postern::text::screen_at(STDOUT_FILENO));
  postern::text::set_screen(std::cerr, postern::text::screen_at(STDERR_FILENO));
  const std::vector<std::string> given(arguments + 1, arguments + count);
  return postern::cli::run(given,
                           {STDIN_FILENO, std::cout, std::cerr, ::isatty(STDERR_FILENO) == 1});
}
