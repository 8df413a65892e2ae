// Changes that reach far, which are asked for once more at a terminal.
#pragma once

#include <optional>
#include <string>

#include "command_generated.h"

namespace postern::cli {

struct Sweep {
  /// What will happen.
  std::string sentence;
  /// What is to be typed: the name of the one user or key, else the tenant's.
  std::string name;
};

/// By a table of kinds of commands; nothing where the message sweeps nothing.
std::optional<Sweep> sweep_of(const schema::CommandMessageT& message);

}  // namespace postern::cli
