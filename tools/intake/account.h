// One API user as files outside tell of it: what is to be made, in the words of the schema; and the
// table of the fields that tables, JSON and desired states have in common.
// Values of the stack; `Account` moves. Functions without state, for any thread.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command_generated.h"
#include "history_generated.h"
#include "tools/intake/grant_line.h"

namespace postern::intake {

struct Account {
  /// Without a status: that is `status`.
  schema::CreateUserT user;
  /// In the end; unset: as the tenant's policy says.
  schema::UserStatus status = schema::UserStatus::unset;
  /// By an operator (U9).
  bool locked = false;
  std::vector<std::string> roles;
  std::vector<Grant> grants;
  /// Names of the fields that were given.
  std::vector<std::string_view> given;

  bool has(std::string_view field) const;
  schema::ProfileT& profile();
  schema::UserSettingsT& settings();
};

/// A field of an account: "email", "roles". In text, entries of a list stand between bars.
struct Field {
  std::string_view name;
  /// Sets it; what is wrong with the text, or empty.
  std::string (*read)(Account& account, std::string_view name, std::string_view text);
  /// The text of a present user's, empty where it has none; null: it is never told.
  std::string (*tell)(const schema::UserViewT& user, std::string_view name);
  /// Its entries are a list; each is read by `read` on its own where they come as one.
  bool is_list = false;
};

std::span<const Field> fields();
const Field* find_field(std::string_view name);
/// Also "attribute.NAME".
bool is_field(std::string_view name);
/// Null: the field is no text of the profile.
const std::string* profile_text(const schema::ProfileT& profile, std::string_view name);
/// For suggestions.
const std::vector<std::string>& field_names();

/// What is wrong with the text, or empty. Empty text: the field is not given.
std::string read_field(Account& account, std::string_view name, std::string_view text);
/// The same from JSON: text, a number, a boolean; an array for a list; an object for attributes.
std::string read_field(Account& account, std::string_view name, const boost::json::value& value);

/// A user with all its grants as JSON: fields that it has, lists as arrays.
boost::json::object told_fields(const schema::UserViewT& user);

/// "on", "off" and what spreadsheets make of them; nothing for other text.
std::optional<bool> read_switch(std::string_view text);

}  // namespace postern::intake
