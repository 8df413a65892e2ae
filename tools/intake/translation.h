// What another system's rights come to here: a desired state, and what of them does not map, with
// the reason. Nothing is ever taken over wider than it was, but where a note says so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/intake/desired_state.h"

namespace postern::intake {

struct Note {
  enum class Kind {
    /// Nothing stands for it here.
    left_out,
    /// Taken, and allows more than it did.
    wider,
    /// Taken; something is to be known of it.
    taken,
  };
  Kind kind = Kind::left_out;
  /// In the file; 0: not told.
  std::uint64_t line = 0;
  /// "user bob", "group admins".
  std::string about;
  /// As the file says it; never a secret.
  std::string what;
  std::string why;
};

struct Translation {
  DesiredState desired;
  std::vector<Note> notes;
};

}  // namespace postern::intake
