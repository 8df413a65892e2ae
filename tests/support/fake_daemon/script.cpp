#include "tests/support/fake_daemon/script.h"

#include <algorithm>
#include <utility>

namespace postern::support {
namespace {

namespace json = boost::json;

using Action = Step::Action;

constexpr std::pair<const char*, Action> actions[] = {
    {"receive", Action::receive}, {"always", Action::always}, {"reply_to", Action::reply},
    {"open", Action::open},       {"close", Action::close},   {"restart", Action::restart},
    {"admit", Action::admit},
};

std::string text_of(const json::object& fields, const char* name) {
  const auto* value = fields.if_contains(name);
  return value == nullptr ? "" : std::string(value->as_string());
}

std::vector<json::object> answers_of(const json::object& fields) {
  const auto* value = fields.if_contains("answer");
  if (value == nullptr) return {};
  if (value->is_object()) return {value->as_object()};
  std::vector<json::object> answers;
  for (const auto& one : value->as_array()) answers.push_back(one.as_object());
  return answers;
}

void refuse_unknown(const json::object& fields) {
  constexpr const char* others[] = {"where", "times", "as", "same_bytes_as", "answer"};
  for (const auto& field : fields) {
    const std::string name(field.key());
    if (std::ranges::find(others, name) == std::end(others) &&
        std::ranges::none_of(actions, [&](const auto& row) { return name == row.first; }))
      throw BadScript("no step has a field '" + name + "'");
  }
}

Step read_fields(const json::object& fields,
                 const std::function<Door(const std::string&)>& door_of) {
  refuse_unknown(fields);
  const auto row = std::ranges::find_if(
      actions, [&](const auto& known) { return fields.contains(known.first); });
  if (row == std::end(actions)) throw BadScript("no step does that");
  Step step;
  step.action = row->second;
  if (step.action == Action::receive || step.action == Action::always) {
    step.wanted.kind = text_of(fields, row->first);
    step.wanted.door = door_of(step.wanted.kind);
  }
  if (const auto* where = fields.if_contains("where")) step.wanted.where = *where;
  if (const auto* times = fields.if_contains("times")) step.times = times->to_number<std::size_t>();
  step.name = text_of(fields, step.action == Action::reply ? "reply_to" : "as");
  step.same_bytes_as = text_of(fields, "same_bytes_as");
  step.answers = answers_of(fields);
  if (step.action == Action::admit) step.admits = fields.at("admit").as_bool();
  return step;
}

}  // namespace

Step read_step(const std::string& line,
               const std::function<Door(const std::string& kind)>& door_of) {
  try {
    return read_fields(json::parse(line).as_object(), door_of);
  } catch (const std::exception& wrong) {
    throw BadScript(wrong.what() + std::string(" in ") + line);
  }
}

bool holds(const json::value& found, const json::value& wanted) {
  if (wanted.is_null()) return true;
  if (const auto* fields = wanted.if_object()) {
    const auto* object = found.if_object();
    return object != nullptr && std::ranges::all_of(*fields, [&](const auto& field) {
             const auto* same = object->if_contains(field.key());
             return same != nullptr && holds(*same, field.value());
           });
  }
  if (const auto* elements = wanted.if_array()) {
    const auto* array = found.if_array();
    return array != nullptr && std::ranges::equal(*array, *elements, holds);
  }
  return found == wanted;
}

}  // namespace postern::support
