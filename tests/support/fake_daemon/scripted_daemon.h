// Plays a script to whoever connects, and reports what it received, line by line.
// Thread: one, which calls `play`. Failure: what comes against the script ends it, with a report;
// a line that is no step throws BadScript.
#pragma once

#include <deque>
#include <map>
#include <ostream>

#include "tests/support/fake_daemon/script.h"

namespace postern::support {

class ScriptedDaemon {
 public:
  /// `script` are the first steps; more are read from `input`, a descriptor, until its end.
  ScriptedDaemon(Doors& doors, WireText& text, std::deque<std::string> script, int input,
                 std::ostream& reports);

  /// true: everything came as the script says, and nothing else.
  bool play();

 private:
  struct Message {
    Arrival arrival;
    std::string kind;
    /// Empty where it is malformed.
    boost::json::object fields;
  };

  bool run(const Step& step);
  bool receive(const Step& step);
  /// A message of that door that no rule has answered.
  Message next_at(Door door);
  /// Takes one message if it comes, before more of the input does.
  void take(bool or_input);
  void read_input();
  std::string why_not(const Step& step, const Message& message) const;
  void answer(const Message& message, const std::vector<boost::json::object>& answers);
  void open();
  void report(const char* what, boost::json::object fields);
  bool fail(const std::string& why);

  Doors& doors_;
  WireText& text_;
  std::deque<std::string> lines_;
  int input_;
  std::ostream& reports_;
  std::string unfinished_line_;
  std::size_t step_number_ = 0;
  /// What a `receive` is waiting for, before every rule.
  const Wanted* awaited_ = nullptr;
  std::vector<Step> rules_;
  std::map<Door, std::deque<Message>> waiting_;
  std::map<std::string, Message> by_name_;
};

}  // namespace postern::support
