#include "tools/intake/account.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "tools/intake/csv.h"
#include "tools/intake/nearest.h"
#include "tools/text/numbers.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/words.h"

namespace postern::intake {
namespace {

namespace json = boost::json;
using Told = schema::UserViewT;

std::string quoted(std::string_view text) { return "'" + text::printable(text) + "'"; }

/// Entries between bars, commas, semicolons or blanks, as `separators` says.
std::vector<std::string> entries_of(std::string_view text, std::string_view separators) {
  std::vector<std::string> entries;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find_first_of(separators, begin), text.size());
    auto entry = text::trimmed(text.substr(begin, end - begin));
    if (!entry.empty()) entries.push_back(std::move(entry));
    begin = end + 1;
  }
  return entries;
}

std::string switch_text(bool on) { return on ? "on" : "off"; }

std::string read_into_switch(std::string_view text, bool& into) {
  const auto read = read_switch(text);
  if (!read) return quoted(text) + " is neither on nor off.";
  into = *read;
  return {};
}

// ---- profile

struct ProfileText {
  std::string_view name;
  std::string schema::ProfileT::*text;
};
constexpr ProfileText profile_texts[] = {
    {"first_name", &schema::ProfileT::first_name},
    {"last_name", &schema::ProfileT::last_name},
    {"email", &schema::ProfileT::email},
    {"description", &schema::ProfileT::description},
    {"organization", &schema::ProfileT::organization},
    {"department", &schema::ProfileT::department},
    {"warehouse", &schema::ProfileT::warehouse},
    {"language", &schema::ProfileT::language},
    {"time_zone", &schema::ProfileT::time_zone},
    {"phone", &schema::ProfileT::phone},
    {"address", &schema::ProfileT::address},
    {"hire_date", &schema::ProfileT::hire_date},
    {"system", &schema::ProfileT::system},
};

std::string schema::ProfileT::*member_of_profile(std::string_view name) {
  return std::ranges::find(profile_texts, name, &ProfileText::name)->text;
}

std::string read_profile(Account& account, std::string_view name, std::string_view text) {
  account.profile().*member_of_profile(name) = text;
  return {};
}

std::string tell_profile(const Told& user, std::string_view name) {
  const auto& profile = user.details->profile;
  return profile ? (*profile).*member_of_profile(name) : std::string();
}

void add_attribute(Account& account, std::string_view name, std::string_view value) {
  auto& made = account.profile().attributes.emplace_back(std::make_unique<schema::AttributeT>());
  made->name = name;
  made->value = value;
}

std::string read_attributes_object(Account& account, const json::value& value) {
  if (!value.is_object()) return "Attributes are an object, as {\"badge\": \"B-17\"}.";
  for (const auto& [name, held] : value.get_object()) {
    if (!held.is_string()) return "The attribute " + quoted(name) + " is no text.";
    add_attribute(account, name, held.get_string());
  }
  return {};
}

std::string read_attributes(Account& account, std::string_view, std::string_view text) {
  json::error_code error;
  const auto value = json::parse(json::string_view(text.data(), text.size()), error);
  return read_attributes_object(account, error ? json::value() : value);
}

json::object attributes_of(const Told& user) {
  json::object all;
  if (user.details->profile)
    for (const auto& attribute : user.details->profile->attributes)
      all[attribute->name] = attribute->value;
  return all;
}

std::string tell_attributes(const Told& user, std::string_view) {
  const auto all = attributes_of(user);
  return all.empty() ? "" : json::serialize(all);
}

// ---- the user itself

std::string read_username(Account& account, std::string_view, std::string_view text) {
  account.user.username = text;
  return {};
}
std::string tell_username(const Told& user, std::string_view) { return user.details->username; }

std::string read_status(Account& account, std::string_view, std::string_view text) {
  account.status = text::status_named(std::string(text));
  if (account.status != schema::UserStatus::unset && account.status != schema::UserStatus::deleted)
    return {};
  static const std::vector<std::string> statuses{"new", "active", "inactive", "trashed"};
  const std::string near = nearest(text, statuses);
  return quoted(text) + " is no status; " +
         (near.empty() ? "one is " + text::joined(statuses) : "the nearest is '" + near + "'") +
         ".";
}
std::string tell_status(const Told& user, std::string_view) {
  return text::status_text(user.details->status);
}

std::string read_access(Account& account, std::string_view, std::string_view text) {
  bool on = false;
  auto fault = read_into_switch(text, on);
  if (fault.empty()) account.user.api_access = on;
  return fault;
}
std::string tell_access(const Told& user, std::string_view) {
  return switch_text(user.security && user.security->api_access);
}

std::string read_locked(Account& account, std::string_view, std::string_view text) {
  return read_into_switch(text, account.locked);
}
std::string tell_locked(const Told& user, std::string_view) {
  const auto by_operator = [](const auto& lock) {
    return lock->cause == schema::LockCause::operator_command;
  };
  return user.security && std::ranges::any_of(user.security->locks, by_operator) ? "on" : "";
}

std::string read_note(Account& account, std::string_view, std::string_view text) {
  account.user.note = text;
  return {};
}
std::string tell_note(const Told& user, std::string_view) { return user.details->note; }

std::string read_password(Account& account, std::string_view, std::string_view text) {
  account.user.password = text;
  return {};
}

std::string read_password_hash(Account& account, std::string_view, std::string_view text) {
  account.user.password_hash = text;
  return {};
}

// ---- settings

struct SettingSwitch {
  std::string_view name;
  bool schema::UserSettingsT::*value;
};
constexpr SettingSwitch setting_switches[] = {
    {"skip_ip_check", &schema::UserSettingsT::skip_ip_check},
    {"secure_transport_required", &schema::UserSettingsT::secure_transport_required},
    {"api_logging", &schema::UserSettingsT::api_logging},
};

bool schema::UserSettingsT::*setting_switch(std::string_view name) {
  return std::ranges::find(setting_switches, name, &SettingSwitch::name)->value;
}

std::string read_setting(Account& account, std::string_view name, std::string_view text) {
  return read_into_switch(text, account.settings().*setting_switch(name));
}
std::string tell_setting(const Told& user, std::string_view name) {
  const auto& settings = user.details->settings;
  return settings && (*settings).*setting_switch(name) ? "on" : "";
}

std::string read_timeout(Account& account, std::string_view, std::string_view text) {
  const auto seconds = text::read_number<std::uint32_t>(text);
  if (!seconds) return quoted(text) + " is no number of seconds.";
  account.settings().session_timeout_seconds = *seconds;
  return {};
}
std::string tell_timeout(const Told& user, std::string_view) {
  const auto& settings = user.details->settings;
  const auto seconds = settings ? settings->session_timeout_seconds : 0;
  return seconds == 0 ? "" : std::to_string(seconds);
}

std::string read_networks(Account& account, std::string_view, std::string_view text) {
  auto& networks = account.settings().networks;
  if (!networks) networks = std::make_unique<schema::NetworksT>();
  std::ranges::move(entries_of(text, "|,; \n"), std::back_inserter(networks->entries));
  return {};
}
std::string tell_networks(const Told& user, std::string_view) {
  const auto& settings = user.details->settings;
  return settings && settings->networks ? text::joined(settings->networks->entries, "|") : "";
}

// ---- roles and grants

std::string read_roles(Account& account, std::string_view, std::string_view text) {
  std::ranges::move(entries_of(text, "|,; \n"), std::back_inserter(account.roles));
  return {};
}
std::string tell_roles(const Told& user, std::string_view) {
  std::vector<std::string> names;
  for (const auto& role : user.roles) names.push_back(role->name);
  return text::joined(names, "|");
}

std::string read_grants(Account& account, std::string_view, std::string_view text) {
  for (const std::string& line : entries_of(text, "|\n")) {
    auto grant = read_grant(line);
    if (!grant) return quoted(line) + ": " + grant.error();
    account.grants.push_back(std::move(*grant));
  }
  return {};
}
std::string tell_grants(const Told& user, std::string_view) {
  std::vector<std::string> lines;
  for (const auto& held : user.data_access) lines.push_back(grant_line(grant_of(*held->grant)));
  return text::joined(lines, "|");
}

constexpr Field all_fields[] = {
    {"username", read_username, tell_username},
    {"status", read_status, tell_status},
    {"api_access", read_access, tell_access},
    {"locked", read_locked, tell_locked},
    {"first_name", read_profile, tell_profile},
    {"last_name", read_profile, tell_profile},
    {"email", read_profile, tell_profile},
    {"description", read_profile, tell_profile},
    {"organization", read_profile, tell_profile},
    {"department", read_profile, tell_profile},
    {"warehouse", read_profile, tell_profile},
    {"language", read_profile, tell_profile},
    {"time_zone", read_profile, tell_profile},
    {"phone", read_profile, tell_profile},
    {"address", read_profile, tell_profile},
    {"hire_date", read_profile, tell_profile},
    {"system", read_profile, tell_profile},
    {"attributes", read_attributes, tell_attributes},
    {"note", read_note, tell_note},
    {"networks", read_networks, tell_networks, true},
    {"skip_ip_check", read_setting, tell_setting},
    {"secure_transport_required", read_setting, tell_setting},
    {"session_timeout_seconds", read_timeout, tell_timeout},
    {"api_logging", read_setting, tell_setting},
    {"roles", read_roles, tell_roles, true},
    {"grants", read_grants, tell_grants, true},
    {"password", read_password, nullptr},
    {"password_hash", read_password_hash, nullptr},
};

constexpr std::string_view attribute_prefix = "attribute.";

bool names_attribute(std::string_view name) {
  return name.starts_with(attribute_prefix) && name.size() > attribute_prefix.size();
}

std::string scalar_text(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool()) return switch_text(value.get_bool());
  return json::serialize(value);
}

}  // namespace

bool Account::has(std::string_view field) const {
  return std::ranges::find(given, field) != given.end();
}

schema::ProfileT& Account::profile() {
  if (!user.profile) user.profile = std::make_unique<schema::ProfileT>();
  return *user.profile;
}

schema::UserSettingsT& Account::settings() {
  if (!user.settings) user.settings = std::make_unique<schema::UserSettingsT>();
  return *user.settings;
}

std::span<const Field> fields() { return all_fields; }

const Field* find_field(std::string_view name) {
  const auto* found = std::ranges::find(all_fields, name, &Field::name);
  return found == std::end(all_fields) ? nullptr : found;
}

const std::string* profile_text(const schema::ProfileT& profile, std::string_view name) {
  const auto* found = std::ranges::find(profile_texts, name, &ProfileText::name);
  return found == std::end(profile_texts) ? nullptr : &(profile.*(found->text));
}

bool is_field(std::string_view name) {
  return find_field(name) != nullptr || names_attribute(name);
}

const std::vector<std::string>& field_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> made;
    for (const Field& field : all_fields) made.emplace_back(field.name);
    return made;
  }();
  return names;
}

std::optional<bool> read_switch(std::string_view text) {
  std::string folded(text);
  for (char& letter : folded)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  for (const auto* on : {"on", "true", "yes", "1"})
    if (folded == on) return true;
  for (const auto* off : {"off", "false", "no", "0"})
    if (folded == off) return false;
  return std::nullopt;
}

std::string read_field(Account& account, std::string_view name, std::string_view text) {
  if (text.empty()) return {};
  if (!is_utf8(text)) return "It is not in UTF-8. Save the file as 'CSV UTF-8'.";
  if (names_attribute(name)) {
    add_attribute(account, name.substr(attribute_prefix.size()), text);
    return {};
  }
  const Field* field = find_field(name);
  if (field == nullptr) return no_such("field", name, field_names());
  account.given.push_back(field->name);
  return field->read(account, field->name, text);
}

std::string read_field(Account& account, std::string_view name, const json::value& value) {
  if (value.is_null()) return {};
  const Field* field = find_field(name);
  if (field != nullptr && value.is_array() && field->is_list) {
    account.given.push_back(field->name);
    for (const auto& entry : value.get_array()) {
      if (!entry.is_string()) return "Each entry must be text.";
      auto fault = field->read(account, field->name, entry.get_string());
      if (!fault.empty()) return fault;
    }
    return {};
  }
  if (name == "attributes" && value.is_object()) {
    account.given.push_back(field->name);
    return read_attributes_object(account, value);
  }
  if (value.is_array() || value.is_object()) {
    if (field == nullptr) return no_such("field", name, field_names());
    return "It must be text" + std::string(field->is_list ? " or a list." : ".");
  }
  return read_field(account, name, std::string_view(scalar_text(value)));
}

json::object told_fields(const Told& user) {
  json::object told;
  for (const Field& field : all_fields) {
    if (field.tell == nullptr) continue;
    auto text = field.tell(user, field.name);
    if (text.empty()) continue;
    if (field.is_list) {
      json::array& list = told[field.name].emplace_array();
      for (const std::string& entry : entries_of(text, "|")) list.emplace_back(entry);
    } else if (field.name == "attributes") {
      told[field.name] = attributes_of(user);
    } else if (field.tell == tell_access || field.tell == tell_locked ||
               field.tell == tell_setting) {
      told[field.name] = text == "on";
    } else {
      told[field.name] = text;
    }
  }
  return told;
}

}  // namespace postern::intake
