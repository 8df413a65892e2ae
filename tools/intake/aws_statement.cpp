#include "tools/intake/aws_statement.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <expected>
#include <optional>

#include "tools/text/times.h"

namespace postern::intake {
namespace {

namespace json = boost::json;

constexpr std::size_t actions_max = 64;
constexpr std::size_t path_bytes_max = 512;

/// AWS says one text or a list of them.
std::vector<std::string> texts_of(const json::value* value) {
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  if (value->is_string()) texts.emplace_back(value->get_string());
  if (value->is_bool()) texts.emplace_back(value->get_bool() ? "true" : "false");
  if (value->is_array())
    for (const auto& one : value->get_array())
      if (one.is_string()) texts.emplace_back(one.get_string());
  return texts;
}

bool is_upper(char letter) { return letter >= 'A' && letter <= 'Z'; }
char small(char letter) {
  return is_upper(letter) ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string lower_case(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(), small);
  return made;
}

/// "GetObject" is get-object, "DescribeDBInstances" describe-db-instances.
std::string action_name(std::string_view name) {
  std::string made;
  for (std::size_t place = 0; place < name.size(); ++place) {
    const bool begins_word =
        place > 0 && is_upper(name[place]) &&
        (!is_upper(name[place - 1]) ||
         (place + 1 < name.size() && !is_upper(name[place + 1]) && name[place + 1] != '*'));
    if (begins_word) made += '-';
    made += small(name[place]);
  }
  return made;
}

bool is_path_segment(std::string_view text) {
  constexpr std::size_t size_max = 64;
  const auto is_first = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
  };
  return !text.empty() && text.size() <= size_max && is_first(text.front()) &&
         std::ranges::all_of(text, [&](char letter) {
           return is_first(letter) || letter == '.' || letter == '_' || letter == '-';
         });
}

struct ArnPath {
  std::string resource;
  /// What lies below is covered, which the ARN does not name.
  bool is_wider = false;
};

/// arn:PARTITION:SERVICE:REGION:ACCOUNT:REST; "*" is all of a service.
/// Else why nothing stands for it.
std::expected<ArnPath, const char*> path_of_arn(const std::string& service, std::string_view arn) {
  if (arn == "*") return ArnPath{service, false};
  std::vector<std::string> heads;
  for (int head = 0; head < 5; ++head) {
    const auto colon = arn.find(':');
    if (colon == arn.npos) return std::unexpected("It is no ARN.");
    heads.emplace_back(arn.substr(0, colon));
    arn.remove_prefix(colon + 1);
  }
  if (heads[0] != "arn") return std::unexpected("It is no ARN.");
  if (heads[2] != service)
    return std::unexpected("It is a resource of another service than the action.");
  if (arn.find("${") != arn.npos)
    return std::unexpected("A resource here has no variables; name it.");
  std::vector<std::string> parts;
  if (!heads[3].empty() || !heads[4].empty())
    for (const auto& head : {heads[3], heads[4]}) parts.push_back(head.empty() ? "any" : head);
  for (std::size_t begin = 0; begin <= arn.size();) {
    const auto end = std::min(arn.find_first_of(":/", begin), arn.size());
    parts.emplace_back(arn.substr(begin, end - begin));
    begin = end + 1;
  }
  ArnPath path{service, true};
  if (parts.back() == "*") {
    parts.pop_back();
    path.is_wider = false;
  }
  constexpr std::size_t parts_max = 15;
  if (std::ranges::count(parts, "*") > 4)
    return std::unexpected("A resource here has '*' four times at most.");
  for (const auto& part : parts) {
    if (part != "*" && part.find_first_of("*?") != part.npos)
      return std::unexpected(
          "A pattern for a part of a segment is no resource here; '*' stands for a whole one.");
    if (part != "*" && !is_path_segment(part))
      return std::unexpected("A segment here is [a-z0-9][a-z0-9._-]*: no capitals.");
    path.resource += '/' + part;
  }
  if (parts.size() > parts_max || path.resource.size() > path_bytes_max)
    return std::unexpected("A resource here has 16 segments and 512 bytes at most.");
  return path;
}

/// One condition of AWS into ours; false: nothing stands for it.
bool take_condition(std::string_view test, std::string_view key,
                    const std::vector<std::string>& values, schema::ConditionsT& into) {
  const std::string name = lower_case(key);
  if (test == "IpAddress" && name == "aws:sourceip" && !values.empty() && !into.networks) {
    into.networks = std::make_unique<schema::NetworksT>();
    into.networks->entries = values;
    return true;
  }
  if (values.size() != 1) return false;
  if (test == "Bool" && name == "aws:securetransport" && values[0] == "true") {
    into.secure_transport = true;
    return true;
  }
  const bool is_time = name == "aws:currenttime" && test.starts_with("Date");
  const auto time_ns = is_time ? text::read_time(values[0]) : std::nullopt;
  if (!time_ns) return false;
  // Ours hold from a time on, and before another.
  if (test == "DateGreaterThanEquals" || test == "DateGreaterThan") {
    into.not_before_ns = *time_ns;
    return true;
  }
  if (test != "DateLessThan") return false;
  into.not_after_ns = *time_ns;
  return true;
}

/// Of one statement.
class Statement {
 public:
  Statement(const json::object& said, const std::string& about, AwsActions& actions,
            std::vector<Note>& notes)
      : said_(said), about_(about), actions_(actions), notes_(notes) {
    const auto* effect = said.if_contains("Effect");
    is_deny_ = effect != nullptr && effect->is_string() && effect->get_string() == "Deny";
  }

  std::vector<Grant> grants() {
    for (const char* other : {"NotAction", "NotResource", "NotPrincipal"})
      if (const auto* held = said_.if_contains(other)) {
        leave(std::string(other) + " " + json::serialize(*held), "All but something is no grant.");
        return {};
      }
    if (!take_conditions()) return {};
    for (const auto& action : texts_of(said_.if_contains("Action"))) take_action(action);
    return std::move(grants_);
  }

 private:
  void note(Note::Kind kind, std::string what, std::string why) {
    notes_.push_back({kind, 0, about_, std::move(what), std::move(why)});
  }

  /// A deny that is left out leaves more allowed.
  void leave(std::string what, std::string why) {
    if (is_deny_)
      note(Note::Kind::wider, "Deny " + std::move(what),
           std::move(why) + " What it denied stays allowed where something allows it.");
    else
      note(Note::Kind::left_out, std::move(what), std::move(why));
  }

  bool take_conditions() {
    const auto* conditions = said_.if_contains("Condition");
    if (conditions == nullptr || !conditions->is_object()) return true;
    for (const auto& [test, keys] : conditions->get_object()) {
      if (!keys.is_object()) return refuse_condition(test);
      for (const auto& [key, values] : keys.get_object())
        if (!take_condition(test, key, texts_of(&values), conditions_))
          return refuse_condition(std::string(test) + " " + std::string(key));
    }
    is_conditional_ = true;
    return true;
  }

  bool refuse_condition(const std::string& what) {
    leave("under " + what,
          "Conditions are: source addresses, secure transport, from a time, until "
          "a time.");
    return false;
  }

  void take_action(const std::string& action) {
    const auto colon = action.find(':');
    const std::string service = lower_case(action.substr(0, colon));
    if (colon == action.npos || !is_path_segment(service))
      return leave(action, "Everything of every service is no grant; name the services.");
    std::string name = action.substr(colon + 1);
    if (name == "*") {
      note(Note::Kind::taken, action,
           "Any action of " + service +
               " that the tenant knows: those that no policy names are still to be defined.");
    } else {
      if (name.find_first_of("*?") != name.npos)
        return leave(action, "A part of an action's name is no grant; name the actions.");
      name = action_name(name);
      auto& known = actions_[service];
      if (!known.contains(name) && known.size() == actions_max)
        return leave(action, "A kind has 64 actions at most.");
      if (!is_path_segment(name)) return leave(action, "No action has such a name.");
      known.insert(name);
    }
    actions_[service];
    for (const auto& resource : texts_of(said_.if_contains("Resource")))
      take_resource(action, service, name, resource);
  }

  void take_resource(const std::string& action, const std::string& service, const std::string& name,
                     const std::string& resource) {
    const auto path = path_of_arn(service, resource);
    if (!path) return leave(action + " on " + resource, path.error());
    if (path->is_wider && !is_deny_ && wider_told_.insert(resource).second)
      note(Note::Kind::wider, resource,
           "Taken as " + path->resource + ", which covers what lies below it too.");
    Grant grant;
    grant.effect = is_deny_ ? schema::Effect::deny : schema::Effect::allow;
    grant.action = name;
    grant.resource = path->resource;
    if (is_conditional_) grant.conditions = std::make_unique<schema::ConditionsT>(conditions_);
    grants_.push_back(std::move(grant));
  }

  const json::object& said_;
  const std::string& about_;
  AwsActions& actions_;
  std::vector<Note>& notes_;
  bool is_deny_ = false;
  bool is_conditional_ = false;
  schema::ConditionsT conditions_;
  std::set<std::string> wider_told_;
  std::vector<Grant> grants_;
};

}  // namespace

std::vector<Grant> grants_of_statement(const json::object& statement, const std::string& about,
                                       AwsActions& actions, std::vector<Note>& notes) {
  return Statement(statement, about, actions, notes).grants();
}

std::string aws_name(std::string_view name) {
  constexpr std::size_t size_max = 63;
  std::string made;
  for (const char letter : name.substr(0, size_max)) {
    const char one = small(letter);
    const bool is_kept = (one >= 'a' && one <= 'z') || (one >= '0' && one <= '9') || one == '.' ||
                         one == '_' || one == '-';
    made += is_kept ? one : '-';
  }
  return made;
}

}  // namespace postern::intake
