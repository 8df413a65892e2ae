// Standard input: passwords and lines. What was read ahead is wiped at the end.
// Failure: `Stop`; 64 where input is missing or two typings differ, 74 where reading fails.
#pragma once

#include <optional>
#include <ostream>
#include <string>

namespace postern::cli {

class Input {
 public:
  /// Prompts go to `talk`. The descriptor stays the caller's.
  Input(int descriptor, std::ostream& talk) : descriptor_(descriptor), talk_(talk) {}
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  /// Without its end; nothing at the end of the input.
  std::optional<std::string> line();

  /// A line from a pipe or file; at a terminal asks with this prompt and does not show what is
  /// typed.
  std::string password(const std::string& prompt);
  /// At a terminal asks twice; the two must be the same.
  std::string new_password(const std::string& prompt);
  /// Asks at a terminal, and takes the word `yes` alone; nothing where there is none to ask at.
  std::optional<bool> confirmed(const std::string& question);

 private:
  std::string typed(const std::string& prompt);

  int descriptor_;
  std::ostream& talk_;
  std::string ahead_;
};

}  // namespace postern::cli
