// fake_daemon [--curve] COMMANDS QUERIES HISTORY [SCRIPT]: see README.md.
#include <sys/prctl.h>

#include <csignal>
#include <fstream>
#include <iostream>

#include "tests/support/fake_daemon/scripted_daemon.h"

namespace {

using namespace postern::support;

constexpr int usage = 64;

std::deque<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw BadScript("cannot read " + path);
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

bool play(std::deque<std::string> arguments) {
  Doors doors;
  if (!arguments.empty() && arguments.front() == "--curve") {
    doors.curve = true;
    arguments.pop_front();
  }
  if (arguments.size() != door_count && arguments.size() != door_count + 1)
    throw BadScript("usage: fake_daemon [--curve] COMMANDS QUERIES HISTORY [SCRIPT]");
  for (std::string& address : doors.addresses) {
    address = arguments.front();
    arguments.pop_front();
  }
  auto script = arguments.empty() ? std::deque<std::string>() : lines_of(arguments.front());
  WireText text(POSTERN_SCHEMA);
  return ScriptedDaemon(doors, text, std::move(script), 0, std::cout).play();
}

}  // namespace

int main(int count, char** arguments) {
  // A test that ends early leaves nobody behind who waits for its messages.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  try {
    return play({arguments + 1, arguments + count}) ? 0 : 1;
  } catch (const std::exception& wrong) {
    std::cerr << wrong.what() << std::endl;
    return usage;
  }
}
