// postern-replay's command line.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace postern::replay {

struct Streams {
  /// Data.
  std::ostream& out;
  /// Talk.
  std::ostream& talk;
  /// Somebody watches the talk: long readings tell how far they are.
  bool watched = false;
};

/// Runs one command line, without the program's name; gives its exit code. Throws nothing.
int run(const std::vector<std::string>& arguments, const Streams& streams);

}  // namespace postern::replay
