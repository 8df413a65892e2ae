// A program at a terminal of its own: what it shows, what is typed, the window's size, and the
// terminal's modes before and after.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/daemon_process.h"

namespace postern::support {

struct WindowSize {
  unsigned short rows = 24;
  unsigned short columns = 80;
};

class TerminalProgram {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;

  /// Beside the environment of this process; an empty value takes a variable away.
  explicit TerminalProgram(const std::vector<std::string>& arguments, WindowSize size = {},
                           const Environment& environment = {});
  /// Kills what still runs.
  ~TerminalProgram();
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;

  /// Reads until the text was shown since the last one that was waited for; false if the program
  /// ended, or nothing came for two minutes.
  bool wait_for(const std::string& text);
  void type(const std::string& keys) const;
  void resize(WindowSize size) const;
  pid_t process() const { return process_; }
  /// Until its end.
  Ended wait();
  /// All so far.
  const std::string& shown() const { return shown_; }
  /// Lines, with echo: how a shell leaves it and wants it back.
  bool is_as_before() const;

 private:
  /// Takes what is there, for at most a tenth of a second; false at the end of the program.
  bool read_on();

  int screen_ = -1;
  int keyboard_ = -1;
  pid_t process_ = -1;
  bool ended_ = false;
  int status_ = 0;
  std::string shown_;
  std::size_t waited_ = 0;
};

}  // namespace postern::support
