// What a scripted daemon is to do, step by step, as README.md describes it.
// Failure: throws BadScript, naming what is wrong with a line.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "tests/support/fake_daemon/wire_text.h"

namespace postern::support {

/// Which messages a step is about.
struct Wanted {
  std::string kind;
  Door door = Door::commands;
  /// What the message must hold at least; null: anything.
  boost::json::value where;
};

struct Step {
  enum class Action { receive, always, reply, open, close, restart, admit };
  Action action = Action::receive;
  Wanted wanted;
  /// Messages to receive, one after the other.
  std::size_t times = 1;
  /// Under which name the last of them is remembered, and which one it must be the bytes of.
  std::string name;
  std::string same_bytes_as;
  std::vector<boost::json::object> answers;
  bool admits = true;
};

/// One line.
Step read_step(const std::string& line,
               const std::function<Door(const std::string& kind)>& door_of);

/// All that `wanted` has, `found` has too; arrays are as long.
bool holds(const boost::json::value& found, const boost::json::value& wanted);

}  // namespace postern::support
