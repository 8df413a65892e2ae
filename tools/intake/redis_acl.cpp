// file := { [ "user" name { rule | "(" rule { rule } ")" } ] end }     rules apply from left to
// right
#include "tools/intake/redis_acl.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <map>
#include <optional>
#include <sstream>

#include "tools/text/words.h"

namespace postern::intake {
namespace {

constexpr const char* kinds_of_redis = R"([
  {"name": "key", "description": "Keys, a segment for what stands between colons", "open": true,
   "actions": [{"name": "read"}, {"name": "write"}]},
  {"name": "channel", "description": "Channels", "open": true, "actions": [{"name": "use"}]},
  {"name": "command", "description": "Commands and their subcommands", "open": true,
   "actions": [{"name": "run"}]},
  {"name": "category", "description": "Categories of commands", "open": true,
   "actions": [{"name": "run"}]}
])";

bool is_segment(std::string_view text) {
  const auto is_first = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
  };
  constexpr std::size_t size_max = 64;
  return !text.empty() && text.size() <= size_max && is_first(text.front()) &&
         std::ranges::all_of(text, [&](char letter) {
           return is_first(letter) || letter == '.' || letter == '_' || letter == '-';
         });
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(separator, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

struct Path {
  std::string resource;
  /// What lies below is covered, which the pattern does not match.
  bool is_wider = false;
};

/// "orders:*" is key/orders. Nothing where a part of a segment is a pattern, or has other letters.
std::optional<Path> path_of(std::string_view kind, std::string_view pattern) {
  Path path{std::string(kind), true};
  auto parts = split(pattern, ':');
  if (parts.back() == "*") {
    parts.pop_back();
    path.is_wider = false;
  }
  constexpr std::ptrdiff_t stars_max = 4;
  constexpr std::size_t parts_max = 15;
  if (std::ranges::count(parts, "*") > stars_max || parts.size() > parts_max) return std::nullopt;
  for (const auto& part : parts) {
    if (part != "*" && !is_segment(part)) return std::nullopt;
    path.resource += '/' + part;
  }
  return path;
}

std::string lower(std::string_view text) {
  std::string made(text);
  for (char& letter : made)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return made;
}

/// One user's rules, from left to right.
class RedisUser {
 public:
  RedisUser(std::uint64_t line, std::string name, std::vector<Note>& notes)
      : line_(line), name_(std::move(name)), notes_(notes) {}

  void take(std::string_view rule) {
    const std::string word = lower(rule);
    if (word == "on" || word == "off") {
      is_on_ = word == "on";
    } else if (word == "reset") {
      *this = RedisUser(line_, name_, notes_);
    } else if (word == "allkeys") {
      take_key("~*");
    } else if (word == "allchannels") {
      take_channel("*");
    } else if (word == "resetkeys") {
      keys_.clear();
    } else if (word == "resetchannels") {
      channels_.clear();
    } else if (word == "allcommands" || word == "+@all") {
      commands_.clear();
      all_commands_ = true;
    } else if (word == "nocommands" || word == "-@all") {
      commands_.clear();
      all_commands_ = false;
    } else if (word == "nopass") {
      note(Note::Kind::left_out, rule, "Any password would do; here it has none until one is set.");
    } else if (word == "resetpass" || word == "clearselectors" || word == "sanitize-payload" ||
               word == "skip-sanitize-payload") {
      return;
    } else {
      take_value(rule);
    }
  }

  void take_selector(const std::string& rules) {
    note(Note::Kind::left_out, "(" + rules + ")",
         "A selector binds commands to keys; grants here are not bound to each other. Make a user "
         "of its own for it.");
  }

  Account account() {
    Account made;
    made.user.username = name_;
    made.status = is_on_ ? schema::UserStatus::active : schema::UserStatus::inactive;
    made.given = {"status"};
    for (const auto& [resource, access] : keys_) {
      if (access.reads) grant(made, "read", resource);
      if (access.writes) grant(made, "write", resource);
    }
    for (const auto& resource : channels_) grant(made, "use", resource);
    grant_commands(made);
    return made;
  }

 private:
  struct Access {
    bool reads = false;
    bool writes = false;
  };

  void note(Note::Kind kind, std::string_view what, std::string why) {
    notes_.push_back({kind, line_, "user " + name_, std::string(what), std::move(why)});
  }

  void take_value(std::string_view rule) {
    switch (rule.empty() ? ' ' : rule.front()) {
      case '~':
      case '%':
        return take_key(rule);
      case '&':
        return take_channel(rule.substr(1));
      case '+':
      case '-':
        return take_command(rule);
      case '>':
      case '<':
        return note(Note::Kind::left_out, std::string(1, rule.front()) + "…",
                    "A password in a file: set it with 'password reset'.");
      case '#':
      case '!':
        return note(Note::Kind::left_out, std::string(1, rule.front()) + "…",
                    "A SHA-256 without salt, which is as good as the password: set a new one with "
                    "'password reset'.");
      default:
        return note(Note::Kind::left_out, rule, "It is no rule of Redis 7.");
    }
  }

  void take_key(std::string_view rule) {
    Access access{true, true};
    std::string_view pattern = rule.substr(1);
    if (rule.front() == '%') {
      const auto tilde = rule.find('~');
      if (tilde == rule.npos) return note(Note::Kind::left_out, rule, "It is no rule of Redis 7.");
      const std::string letters = lower(rule.substr(1, tilde - 1));
      access = {letters.contains('r'), letters.contains('w')};
      pattern = rule.substr(tilde + 1);
    }
    const auto path = path_of("key", pattern);
    if (!path) return leave_pattern(rule);
    if (path->is_wider) warn_wider(rule, path->resource);
    Access& held = keys_[path->resource];
    held.reads |= access.reads;
    held.writes |= access.writes;
  }

  void take_channel(std::string_view pattern) {
    const auto path = path_of("channel", pattern);
    if (!path) return leave_pattern("&" + std::string(pattern));
    if (path->is_wider) warn_wider("&" + std::string(pattern), path->resource);
    if (std::ranges::find(channels_, path->resource) == channels_.end())
      channels_.push_back(path->resource);
  }

  void leave_pattern(std::string_view rule) {
    note(Note::Kind::left_out, rule,
         "A pattern for a part of a segment, or letters that no resource has; segments of "
         "[a-z0-9._-] with colons between map, and * for a whole one.");
  }

  void warn_wider(std::string_view rule, const std::string& resource) {
    note(Note::Kind::wider, rule,
         "Taken as " + resource + ", which covers what lies below it too.");
  }

  void take_command(std::string_view rule) {
    const bool allows = rule.front() == '+';
    std::string name = lower(rule.substr(1));
    const bool is_category = name.starts_with('@');
    if (is_category) name.erase(0, 1);
    std::string resource = is_category ? "category" : "command";
    for (const auto& part : split(name, '|')) {
      if (!is_segment(part))
        return note(Note::Kind::left_out, rule, "No resource has such a name.");
      resource += '/' + part;
    }
    std::erase_if(commands_, [&](const auto& held) { return held.first == resource; });
    const auto is_denied_above = [&](const auto& held) {
      return !held.second && resource.starts_with(held.first + '/');
    };
    if (allows && std::ranges::any_of(commands_, is_denied_above))
      return note(Note::Kind::left_out, rule,
                  "What it is a part of is denied, and a deny beats every allow here.");
    // All are allowed already.
    if (allows && all_commands_) return;
    commands_.emplace_back(resource, allows);
  }

  void grant_commands(Account& made) {
    const auto is_denied_category = [](const auto& held) {
      return !held.second && held.first.starts_with("category/");
    };
    const bool without_some = std::ranges::any_of(commands_, is_denied_category);
    if (all_commands_) grant(made, "run", "category");
    if (all_commands_ && !without_some) grant(made, "run", "command");
    if (all_commands_ && without_some)
      note(Note::Kind::taken, "+@all",
           "All but some categories: ask for a command by its categories, as the page says.");
    for (const auto& [resource, allows] : commands_) {
      // Nothing allows it.
      const bool says_nothing = !allows && !all_commands_ && !is_allowed_by_another(resource);
      if (!says_nothing) grant(made, "run", resource, !allows);
    }
  }

  /// A category may hold the command, and a command its subcommand.
  bool is_allowed_by_another(const std::string& resource) const {
    return std::ranges::any_of(commands_, [&](const auto& held) {
      return held.second &&
             (held.first.starts_with("category/") || resource.starts_with(held.first + '/'));
    });
  }

  static void grant(Account& made, std::string action, std::string resource, bool deny = false) {
    Grant grant;
    grant.effect = deny ? schema::Effect::deny : schema::Effect::allow;
    grant.action = std::move(action);
    grant.resource = std::move(resource);
    made.grants.push_back(std::move(grant));
  }

  RedisUser& operator=(RedisUser&& other) {
    is_on_ = other.is_on_;
    keys_ = std::move(other.keys_);
    channels_ = std::move(other.channels_);
    all_commands_ = other.all_commands_;
    commands_ = std::move(other.commands_);
    return *this;
  }

  std::uint64_t line_;
  std::string name_;
  std::vector<Note>& notes_;
  bool is_on_ = false;
  std::map<std::string, Access> keys_;
  std::vector<std::string> channels_;
  bool all_commands_ = false;
  /// In order; whether it is allowed.
  std::vector<std::pair<std::string, bool>> commands_;
};

bool is_username(std::string_view name) {
  constexpr std::size_t size_max = 128;
  return !name.empty() && name.size() <= size_max && std::ranges::all_of(name, [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || std::string_view("._@+-").contains(letter);
  });
}

/// The rules of a line behind the name; what stands in parentheses is one.
void take_rules(RedisUser& user, const std::string& rest) {
  std::istringstream words(rest);
  std::string word;
  while (words >> word) {
    if (!word.starts_with('(')) {
      user.take(word);
      continue;
    }
    std::string selector = word.substr(1);
    while (!selector.ends_with(')') && words >> word) selector += ' ' + word;
    if (selector.ends_with(')')) selector.pop_back();
    user.take_selector(text::trimmed(selector));
  }
}

}  // namespace

Translation read_redis_acl(const std::string& text) {
  Translation made;
  made.desired.catalogue = boost::json::parse(kinds_of_redis).as_array();
  made.desired.users.emplace();
  std::istringstream lines(text);
  std::string line;
  for (std::uint64_t number = 1; std::getline(lines, line); ++number) {
    if (text::trimmed(line).empty() || line.starts_with('#')) continue;
    std::istringstream words(line);
    std::string keyword;
    std::string name;
    std::string rest;
    words >> keyword >> name;
    std::getline(words, rest);
    if (lower(keyword) != "user" || name.empty()) {
      made.notes.push_back({Note::Kind::left_out, number, keyword, "the whole line",
                            "A line is 'user NAME' and what that user may do."});
      continue;
    }
    if (!is_username(name)) {
      made.notes.push_back({Note::Kind::left_out, number, "user " + name, "the whole user",
                            "A name here is of [A-Za-z0-9._@+-]; give it another and say the line "
                            "anew."});
      continue;
    }
    if (name == "default")
      made.notes.push_back(
          {Note::Kind::taken, number, "user default", "the name",
           "In Redis it is whoever names nobody. Here each call names its user, so "
           "nobody is default without saying so."});
    RedisUser user(number, name, made.notes);
    take_rules(user, rest);
    made.desired.users->push_back(user.account());
  }
  return made;
}

}  // namespace postern::intake
