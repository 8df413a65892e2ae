// What a user may have of its own: networks, exemption, transport, timeout, logging (N2, N4, N5,
// S1, L1).
#include "codes.h"
#include "daemon/domain/cleared.h"

namespace postern::domain {

using schema::Code;

namespace {

constexpr std::uint32_t timeout_seconds_min = 60;
constexpr std::uint32_t timeout_seconds_max = 86'400;

schema::UserSettingsT settings_of(const User& user) {
  const UserExtras& extras = extras_of(user);
  schema::UserSettingsT settings;
  settings.networks = as_schema(extras.networks);
  settings.skip_ip_check = extras.skip_ip_check;
  settings.secure_transport_required = extras.secure_transport_required;
  settings.session_timeout_seconds = extras.session_timeout_seconds;
  settings.api_logging = extras.api_logging;
  return settings;
}

}  // namespace

void check_networks(const Case& asked, const schema::Networks* list, EmptyList empty) {
  const auto compiled = compile(list);
  if (!compiled) {
    for (const std::string& sentence : compiled.error())
      asked.refuse(Code::field_malformed, "networks", sentence);
  } else if (list != nullptr && *compiled == nullptr && empty == EmptyList::refused) {
    asked.refuse(Code::field_malformed, "networks",
                 "A list without entries would limit nothing: name some, or leave it out.");
  }
}

void count_stored_networks(const Case& asked, const schema::NetworksT* list) {
  constexpr std::size_t copies = 8;
  if (list != nullptr) asked.looked_at(copies * list->entries.size());
}

std::unique_ptr<schema::NetworksT> stored_networks(const schema::Networks* list) {
  // What does not compile is refused, and stored nowhere.
  return as_schema(compile(list).value_or(nullptr));
}

void check_settings(const Case& asked, const schema::UserSettingsT& settings,
                    const schema::Networks* networks, EmptyList empty) {
  const std::uint32_t timeout = settings.session_timeout_seconds;
  if (timeout != 0 && (timeout < timeout_seconds_min || timeout > timeout_seconds_max))
    asked.refuse(
        Code::field_malformed, "session_timeout_seconds",
        "It must be 60 to 86400, or 0 for the tenant's; found " + std::to_string(timeout) + ".");
  check_networks(asked, networks, empty);
}

void set_user_settings(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  const auto& body = *asked.command.body_as_SetUserSettings();
  const schema::UserSettingsT before = settings_of(*user);
  schema::UserSettingsT after = before;
  Cleared cleared(asked, schema::clearable_in_set_user_settings, body.cleared());
  const auto change = [&](std::string_view field, auto given, auto& held) {
    held = cleared.value(field, given).value_or(held);
  };
  if (const auto networks = cleared.networks("networks", body.networks()))
    after.networks = stored_networks(*networks);
  change("skip_ip_check", body.skip_ip_check(), after.skip_ip_check);
  change("secure_transport_required", body.secure_transport_required(),
         after.secure_transport_required);
  change("session_timeout_seconds", body.session_timeout_seconds(), after.session_timeout_seconds);
  change("api_logging", body.api_logging(), after.api_logging);
  cleared.refuse_unknown();
  check_settings(asked, after, body.networks(), EmptyList::clears);
  count_stored_networks(asked, after.networks.get());
  if (!asked.decision.refusals.empty()) return;
  if (after == before) return asked.refuse(Code::unchanged, "body");
  schema::UserSettingsChangedT changed;
  changed.settings = std::make_unique<schema::UserSettingsT>(std::move(after));
  asked.cause(*user, changed);
}

}  // namespace postern::domain
