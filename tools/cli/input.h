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

  bool at_terminal() const;
  /// For what is no text: to be read before any line is.
  int descriptor() const { return descriptor_; }

  /// A line from a pipe or file, without its LF or CRLF; at a terminal asks with this prompt and
  /// does not show what is typed.
  std::string password(const std::string& prompt);
  /// The last secret of the input. C2: at a terminal it is asked for twice; of a pipe or file a
  /// second line is the confirmation. The two must be the same, and nothing may follow.
  std::string new_password(const std::string& prompt);
  /// Asks at a terminal, and shows what is typed; nothing at the end of the input.
  std::optional<std::string> answer(const std::string& question);

 private:
  std::optional<std::string> secret();
  std::string typed(const std::string& prompt);

  int descriptor_;
  std::ostream& talk_;
  std::string ahead_;
  /// The last line had an end of its own.
  bool ended_ = false;
};

}  // namespace postern::cli
