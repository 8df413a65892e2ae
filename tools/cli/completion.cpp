#include "tools/cli/completion.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "event_generated.h"
#include "tools/cli/preset.h"
#include "tools/cli/session.h"
#include "tools/text/numbers.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace {

using arguments::Option;

// ---- which names stand where

struct NamedPlace {
  /// The verb; empty: any.
  std::string_view path;
  std::string_view place;
  std::optional<NameKind> kind;
};

/// The first that fits.
constexpr NamedPlace named_places[] = {
    // New names, which nobody knows yet.
    {"tenant create", "ALIAS", std::nullopt},
    {"user create", "USER", std::nullopt},
    {"user rename", "NEW", std::nullopt},
    {"role create", "ROLE", std::nullopt},
    {"key create", "NAME", std::nullopt},
    {"operator add", "NAME", std::nullopt},
    {"", "ALIAS", NameKind::tenant},
    {"", "--tenant", NameKind::tenant},
    {"", "--tenants", NameKind::tenant},
    {"", "USER", NameKind::user},
    {"", "--user", NameKind::user},
    {"", "ROLE", NameKind::role},
    {"user list", "--role", NameKind::role},
    {"", "--to-role", NameKind::role},
    {"", "--from-role", NameKind::role},
    {"key revoke", "NAME", NameKind::key},
    {"operator set", "NAME", NameKind::operator_entry},
    {"operator remove", "NAME", NameKind::operator_entry},
    {"", "--operator", NameKind::operator_entry},
    {"grant remove", "ACTION", NameKind::held_action},
    {"role revoke", "ACTION", NameKind::held_action},
    {"", "ACTION", NameKind::action},
    {"grant remove", "RESOURCE", NameKind::held_resource},
    {"role revoke", "RESOURCE", NameKind::held_resource},
    {"", "RESOURCE", NameKind::resource},
    {"", "KIND", NameKind::kind},
    {"catalogue retire", "--action", NameKind::action},
    {"catalogue retire", "--resource", NameKind::resource},
};

/// What is known without a daemon, beside what an option's choices say.
std::vector<std::string> fixed_at(const std::string& path, const std::string& place) {
  if (place == "--output") return {"table", "json", "jsonl"};
  if (path.starts_with("events ") && place == "--kind") {
    std::vector<std::string> kinds;
    for (const auto kind : schema::EnumValuesEventBody())
      if (kind != schema::EventBody::NONE) kinds.emplace_back(schema::EnumNameEventBody(kind));
    return kinds;
  }
  std::vector<std::string> names;
  if (place == "--preset")
    for (const Preset& preset : presets()) names.emplace_back(preset.name);
  return names;
}

// ---- where the cursor is

std::vector<std::string> names_of(const Option& option) {
  auto names = text::split_list(option.names);
  for (std::string& name : names)
    if (name.starts_with('!')) name.erase(0, 1);
  return names;
}

bool takes_several(const Option& option) {
  return std::holds_alternative<std::vector<std::string>*>(option.target) ||
         std::holds_alternative<List>(option.target);
}

/// "on|off", but not "KEY|FILE".
std::vector<std::string> choices_of(const Option& option) {
  if (!option.choices.empty()) return option.choices;
  const bool is_plain =
      option.type.find('|') != std::string::npos &&
      option.type.find_first_not_of("abcdefghijklmnopqrstuvwxyz-|") == std::string::npos;
  std::vector<std::string> choices;
  for (std::size_t begin = 0; is_plain && begin <= option.type.size();) {
    const auto end = std::min(option.type.find('|', begin), option.type.size());
    choices.push_back(option.type.substr(begin, end - begin));
    begin = end + 1;
  }
  return choices;
}

/// As the shell would take it: without quotes; "~/" is the home.
std::string unquoted(const std::string& word) {
  std::string plain = word;
  if (word.find_first_of("'\"\\") != std::string::npos) {
    std::erase_if(plain,
                  [](char letter) { return letter == '\'' || letter == '"' || letter == '\\'; });
  }
  const char* home = std::getenv("HOME");
  if (plain.starts_with("~/") && home != nullptr) plain.replace(0, 1, home);
  return plain;
}

/// Goes along the words as the parser of command lines does.
class Walk {
 public:
  Walk(const Options& common, const OptionsOfKinds& of_kinds) : of_kinds_(of_kinds) {
    for (const Option& option : common.all()) known_.push_back(&option);
  }

  void take(const std::string& word) {
    if (awaited_ != nullptr) {
      // Some shells part "--name=value" into three.
      if (word != "=") give(*std::exchange(awaited_, nullptr), word);
    } else if (word.starts_with("--") && word.size() > 2) {
      take_option(word);
    } else if (verb_ == nullptr) {
      take_command(word);
    } else if (const Option* place = positional()) {
      give(*place, word);
    }
  }

  Cursor at(const std::string& word) {
    cursor_.path = path_;
    const auto equals = word.find('=');
    if (awaited_ != nullptr) {
      stand_at(*awaited_, word == "=" ? "" : word);
    } else if (word.starts_with("--") && equals != word.npos) {
      const Option* option = find(word.substr(0, equals));
      if (option != nullptr && !option->is_flag()) {
        cursor_.before = word.substr(0, equals + 1);
        stand_at(*option, word.substr(equals + 1));
      }
    } else if (!word.starts_with("-") && verb_ != nullptr) {
      if (const Option* place = positional()) stand_at(*place, word);
    }
    return std::move(cursor_);
  }

 private:
  void take_option(const std::string& word) {
    const auto equals = word.find('=');
    const Option* option = find(word.substr(0, equals));
    if (option == nullptr || option->is_flag()) return;
    if (equals == word.npos)
      awaited_ = option;
    else
      give(*option, word.substr(equals + 1));
  }

  void take_command(const std::string& word) {
    for (const Noun& noun : nouns()) {
      if (path_ == noun.name)
        for (const Verb& verb : noun.verbs)
          if (verb.name == word) return enter(verb);
      if (path_.empty() && !noun.name.empty() && noun.name == word) {
        path_ = word;
        return;
      }
    }
  }

  void enter(const Verb& verb) {
    verb_ = &verb;
    path_ += (path_.empty() ? "" : " ") + std::string(verb.name);
    handler_ = verb.prepare(own_);
    for (const Option& option : own_.all()) {
      known_.push_back(&option);
      if (option.is_positional()) positionals_.push_back(&option);
    }
    if (const Options* more = of_kind(verb.kind))
      for (const Option& option : more->all()) known_.push_back(&option);
  }

  const Options* of_kind(Kind kind) const {
    const auto found = of_kinds_.find(kind);
    return found == of_kinds_.end() ? nullptr : &found->second;
  }

  const Option* find(const std::string& name) const {
    for (const Option* option : known_)
      for (const std::string& one : names_of(*option))
        if (one == name) return option;
    return nullptr;
  }

  const Option* positional() const { return positionals_.empty() ? nullptr : positionals_.front(); }

  void give(const Option& option, const std::string& value) {
    cursor_.given[names_of(option).front()].push_back(value);
    if (option.is_positional() && !takes_several(option)) positionals_.erase(positionals_.begin());
  }

  void stand_at(const Option& option, const std::string& word) {
    cursor_.place = names_of(option).front();
    cursor_.choices = choices_of(option);
    // An action may be a list too, and only a list may have commas.
    const auto comma = word.rfind(',');
    const bool is_list = std::holds_alternative<List>(option.target) || cursor_.place == "ACTION" ||
                         cursor_.place == "--tenants";
    const auto begin = is_list && comma != word.npos ? comma + 1 : 0;
    cursor_.before += word.substr(0, begin);
    cursor_.typed = word.substr(begin);
  }

  const OptionsOfKinds& of_kinds_;
  const Verb* verb_ = nullptr;
  std::string path_;
  Options own_;
  /// Keeps what the options of the verb point to.
  Handler handler_;
  std::vector<const Option*> known_;
  std::vector<const Option*> positionals_;
  const Option* awaited_ = nullptr;
  Cursor cursor_;
};

// ---- what is offered

bool is_plain(std::string_view name) {
  return !name.empty() && !name.starts_with('-') &&
         name.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
             "0123456789._@+:/-") == name.npos;
}

std::string last_of(const Cursor& cursor, const std::string& place) {
  const auto found = cursor.given.find(place);
  return found == cursor.given.end() ? std::string() : found->second.back();
}

std::vector<std::string> names_for(Session& session, const Cursor& cursor, NameKind kind) {
  const bool of_installation = kind == NameKind::tenant || kind == NameKind::operator_entry;
  if (!of_installation && !session.has_tenant()) return {};
  NamesWanted wanted{kind, {}, last_of(cursor, "USER"), last_of(cursor, "ROLE"), cursor.typed};
  if (!of_installation) wanted.tenant = session.tenant();
  return known_names(session.client(), wanted);
}

}  // namespace

std::chrono::milliseconds completion_deadline() {
  constexpr std::uint64_t usual_ms = 300;
  constexpr std::uint64_t most_ms = 60'000;
  const char* given = std::getenv("POSTERN_COMPLETION_TIMEOUT");
  const auto read = given == nullptr ? std::nullopt : text::read_milliseconds(given);
  return std::chrono::milliseconds(read && *read > 0 ? std::min(*read, most_ms) : usual_ms);
}

Cursor cursor_of(const std::vector<std::string>& words, const Options& common,
                 const OptionsOfKinds& of_kinds) {
  Walk walk(common, of_kinds);
  if (words.empty()) return {};
  for (std::size_t place = 0; place + 1 < words.size(); ++place) walk.take(unquoted(words[place]));
  return walk.at(unquoted(words.back()));
}

std::optional<NameKind> names_at(const std::string& path, const std::string& place) {
  for (const NamedPlace& one : named_places)
    if (one.place == place && (one.path.empty() || one.path == path)) return one.kind;
  return std::nullopt;
}

bool is_completed(const Cursor& cursor) {
  return !cursor.choices.empty() || names_at(cursor.path, cursor.place) ||
         !fixed_at(cursor.path, cursor.place).empty();
}

std::vector<std::string> completions(Session& session, const Cursor& cursor) {
  auto names = cursor.choices;
  std::ranges::move(fixed_at(cursor.path, cursor.place), std::back_inserter(names));
  if (const auto kind = names_at(cursor.path, cursor.place); kind && names.empty())
    names = names_for(session, cursor, *kind);
  const auto given = cursor.given.find(cursor.place);
  std::vector<std::string> words;
  for (const std::string& name : names) {
    const bool is_given = given != cursor.given.end() &&
                          std::ranges::find(given->second, name) != given->second.end();
    // U1: of usernames the letters A to Z are as a to z, and the daemon's page is only such.
    const bool begins_so = names_at(cursor.path, cursor.place) || name.starts_with(cursor.typed);
    if (!is_given && begins_so && is_plain(name)) words.push_back(cursor.before + name);
  }
  return words;
}

}  // namespace postern::cli
