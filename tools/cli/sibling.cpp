#include "tools/cli/sibling.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "tools/cli/verb.h"
#include "tools/text/shown.h"

namespace postern::cli {

int run_sibling(const std::string& program, const std::vector<std::string>& arguments,
                Sound sound) {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / program;
  std::string name = path.string();
  std::vector<std::string> held = arguments;
  std::vector<char*> values{name.data()};
  for (std::string& argument : held) values.push_back(argument.data());
  values.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (sound == Sound::data_off)
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, name.c_str(), &actions, nullptr, values.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    throw Stop{exit_codes::missing,
               fmt::format("Cannot run {}: {}.", text::printable(name), std::strerror(failed)),
               "Install it beside this program."};
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return exit_codes::bug;
  return WIFEXITED(status) ? WEXITSTATUS(status) : exit_codes::bug;
}

}  // namespace postern::cli
