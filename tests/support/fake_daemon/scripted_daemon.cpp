#include "tests/support/fake_daemon/scripted_daemon.h"

#include <unistd.h>

#include <algorithm>

namespace postern::support {

namespace json = boost::json;

namespace {

bool is_of(const Wanted& wanted, Door door, const std::string& kind, const json::object& fields) {
  return wanted.door == door &&
         (wanted.kind == kind || wanted.kind == door_names[std::size_t(door)]) &&
         holds(fields, wanted.where);
}

}  // namespace

ScriptedDaemon::ScriptedDaemon(Doors& doors, WireText& text, std::deque<std::string> script,
                               int input, std::ostream& reports)
    : doors_(doors), text_(text), lines_(std::move(script)), input_(input), reports_(reports) {}

bool ScriptedDaemon::play() {
  open();
  for (;;) {
    while (lines_.empty() && input_ >= 0) take(true);
    if (lines_.empty()) break;
    const std::string line = std::move(lines_.front());
    lines_.pop_front();
    if (line.find_first_not_of(" \t\r") == line.npos || line.starts_with('#')) continue;
    ++step_number_;
    const auto door_of = [this](const std::string& kind) {
      const auto door = text_.door_of(kind);
      if (!door) throw BadScript("no message is a '" + kind + "'");
      return *door;
    };
    if (!run(read_step(line, door_of))) return false;
    report("done", {{"step", step_number_}});
  }
  for (const auto& [door, messages] : waiting_)
    if (!messages.empty()) return fail("a " + messages.front().kind + " came that no step expects");
  // What was answered last is to arrive.
  doors_.close(std::chrono::seconds(5));
  return true;
}

bool ScriptedDaemon::run(const Step& step) {
  switch (step.action) {
    case Step::Action::receive:
      return receive(step);
    case Step::Action::always:
      rules_.push_back(step);
      return true;
    case Step::Action::reply: {
      const auto found = by_name_.find(step.name);
      if (found == by_name_.end()) return fail("nothing was received as '" + step.name + "'");
      answer(found->second, step.answers);
      return true;
    }
    case Step::Action::open:
      open();
      return true;
    case Step::Action::close:
      doors_.close();
      return true;
    case Step::Action::restart:
      doors_.close();
      open();
      return true;
    case Step::Action::admit:
      doors_.admits = step.admits;
      return true;
  }
  return false;
}

bool ScriptedDaemon::receive(const Step& step) {
  for (std::size_t count = 0; count < step.times; ++count) {
    awaited_ = &step.wanted;
    Message message = next_at(step.wanted.door);
    awaited_ = nullptr;
    if (const std::string why = why_not(step, message); !why.empty()) return fail(why);
    answer(message, step.answers);
    if (!step.name.empty()) by_name_.insert_or_assign(step.name, std::move(message));
  }
  return true;
}

std::string ScriptedDaemon::why_not(const Step& step, const Message& message) const {
  if (!is_of(step.wanted, message.arrival.door, message.kind, message.fields))
    return "a " + (message.kind.empty() ? "malformed message" : message.kind) +
           " came that is not the " + step.wanted.kind + " expected";
  if (step.same_bytes_as.empty()) return "";
  const auto first = by_name_.find(step.same_bytes_as);
  if (first == by_name_.end()) return "nothing was received as '" + step.same_bytes_as + "'";
  if (first->second.arrival.bytes == message.arrival.bytes) return "";
  return "it has other bytes than '" + step.same_bytes_as + "'";
}

ScriptedDaemon::Message ScriptedDaemon::next_at(Door door) {
  auto& line = waiting_[door];
  while (line.empty()) take(false);
  Message message = std::move(line.front());
  line.pop_front();
  return message;
}

void ScriptedDaemon::take(bool or_input) {
  constexpr std::chrono::milliseconds for_ever(-1);
  const int denials = doors_.denials();
  auto arrival = doors_.receive(for_ever, or_input ? input_ : -1);
  if (doors_.denials() > denials) report("denied", {});
  if (!arrival) {
    if (or_input && doors_.denials() == denials) read_input();
    return;
  }
  Message message{std::move(*arrival), "", {}};
  const Door door = message.arrival.door;
  json::object fields{{"door", door_names[std::size_t(door)]},
                      {"bytes", hex_of(message.arrival.bytes)}};
  if (auto parsed = text_.message(door, message.arrival.bytes)) {
    message.kind = WireText::kind_of(door, *parsed);
    message.fields = std::move(*parsed);
    fields["kind"] = message.kind;
    fields["message"] = message.fields;
  }
  report("received", std::move(fields));
  const auto fits = [&](const Wanted& wanted) {
    return is_of(wanted, door, message.kind, message.fields);
  };
  const bool expected = awaited_ != nullptr && fits(*awaited_);
  const auto rule =
      std::ranges::find_if(rules_, [&](const Step& each) { return fits(each.wanted); });
  if (!expected && rule != rules_.end()) return answer(message, rule->answers);
  waiting_[door].push_back(std::move(message));
}

void ScriptedDaemon::read_input() {
  char buffer[65'536];
  const auto count = ::read(input_, buffer, sizeof buffer);
  if (count <= 0) {
    input_ = -1;
    if (!unfinished_line_.empty()) lines_.push_back(std::exchange(unfinished_line_, {}));
    return;
  }
  for (const char letter : std::string(buffer, std::size_t(count))) {
    if (letter == '\n')
      lines_.push_back(std::exchange(unfinished_line_, {}));
    else
      unfinished_line_ += letter;
  }
}

void ScriptedDaemon::answer(const Message& message, const std::vector<json::object>& answers) {
  const auto* id = message.fields.if_contains("id");
  for (const auto& fields : answers)
    doors_.answer(message.arrival,
                  text_.answer(message.arrival.door, fields, id == nullptr ? json::value(0) : *id));
}

void ScriptedDaemon::open() {
  doors_.open();
  json::object fields;
  for (std::size_t index = 0; index < door_count; ++index)
    fields[door_names[index]] = doors_.addresses[index];
  if (doors_.curve) fields["server_key"] = client::key_text(doors_.keys.public_key);
  report("listening", std::move(fields));
}

void ScriptedDaemon::report(const char* what, json::object fields) {
  json::object line{{"report", what}};
  line.insert(fields.begin(), fields.end());
  reports_ << line << std::endl;
}

bool ScriptedDaemon::fail(const std::string& why) {
  report("failed", {{"step", step_number_}, {"why", why}});
  return false;
}

}  // namespace postern::support
