#include <signal.h>
#include <unistd.h>

#include <iostream>

#include "daemon/platform/process.h"
#include "replay/replay.h"
#include "tools/text/screen.h"

int main(int count, char** arguments) {
  // Verifying opens the users' keys.
  if (const auto hardened = postern::platform::harden_process(); !hardened) {
    std::cerr << "postern-replay: " << hardened.error().sentence << '\n';
    return postern::exit_code(hardened.error());
  }
  // Whoever stops reading ends this quietly, though hardening, or the caller, ignores the signal.
  ::signal(SIGPIPE, SIG_DFL);
  postern::text::set_screen(std::cout, postern::text::screen_at(STDOUT_FILENO));
  postern::text::set_screen(std::cerr, postern::text::screen_at(STDERR_FILENO));
  const std::vector<std::string> given(arguments + 1, arguments + count);
  return postern::replay::run(given, {std::cout, std::cerr, ::isatty(STDERR_FILENO) == 1});
}
