#include "tools/cli/user_options.h"

#include <algorithm>

#include "schema/cleared_text.h"
#include "tools/cli/policies.h"
#include "tools/cli/values.h"
#include "tools/cli/verb.h"
#include "tools/text/numbers.h"

namespace postern::cli {
namespace {

struct ProfileOption {
  const char* option;
  std::string schema::ProfileT::*field;
  const char* help;
};
constexpr ProfileOption all_profile_options[] = {
    {"--first-name", &schema::ProfileT::first_name, "First name"},
    {"--last-name", &schema::ProfileT::last_name, "Last name"},
    {"--email", &schema::ProfileT::email, "E-mail"},
    {"--description", &schema::ProfileT::description, "What it is for"},
    {"--organization", &schema::ProfileT::organization, "Organization"},
    {"--department", &schema::ProfileT::department, "Department"},
    {"--warehouse", &schema::ProfileT::warehouse, "Warehouse"},
    {"--language", &schema::ProfileT::language, "BCP 47 tag, as de-CH"},
    {"--time-zone", &schema::ProfileT::time_zone, "The user's own, IANA name, as Europe/Zurich"},
    {"--phone", &schema::ProfileT::phone, "Phone"},
    {"--address", &schema::ProfileT::address, "Postal address"},
    {"--hire-date", &schema::ProfileT::hire_date, "ISO 8601 date"},
    {"--system", &schema::ProfileT::system, "The one system the user is for"},
};

std::uint32_t parse_seconds(const std::string& text) {
  const auto seconds = text::read_number<std::uint32_t>(text);
  if (!seconds) stop_usage("--session-timeout takes seconds: 60 to 86400, or 0 for the tenant's.");
  return *seconds;
}

}  // namespace

// ---- profile and note

ProfileOptions::ProfileOptions(Options& options, Of of) {
  const auto group = "Profile";
  std::vector<std::string> names{note_name};
  for (const ProfileOption& option : all_profile_options) {
    options.add(option.option, &((*profile_).*option.field), option.help).group(group);
    names.emplace_back(option.option + 2);
  }
  options
      .add("--attribute", attributes_.get(), "NAME=VALUE, up to 64 of them; NAME= takes one away")
      .one_value_each()
      .group(group);
  options.add("--note", note_.get(), "Private note for operators").group(group);
  if (of == Of::present_user) add_clear(options, *cleared_, names).group(group);
}

bool ProfileOptions::clears(std::string_view name) const {
  return std::ranges::find(*cleared_, name) != cleared_->end();
}

bool ProfileOptions::any_of_profile() const {
  const auto is_of_profile = [](const std::string& name) { return name != note_name; };
  const auto is_given = [&](const ProfileOption& option) {
    return !((*profile_).*option.field).empty();
  };
  return !attributes_->empty() || std::ranges::any_of(*cleared_, is_of_profile) ||
         std::ranges::any_of(all_profile_options, is_given);
}

std::unique_ptr<schema::ProfileT> ProfileOptions::profile() const {
  auto made = std::make_unique<schema::ProfileT>(*profile_);
  for (const std::string& pair : *attributes_) {
    const auto equals = pair.find('=');
    if (equals == pair.npos || equals == 0) stop_usage("--attribute takes NAME=VALUE.");
    auto attribute = std::make_unique<schema::AttributeT>();
    attribute->name = pair.substr(0, equals);
    attribute->value = pair.substr(equals + 1);
    made->attributes.push_back(std::move(attribute));
  }
  return made;
}

schema::SetProfileT ProfileOptions::change() const {
  schema::SetProfileT made;
  if (any_of_note()) made.note = cleared_or(*note_, clears(note_name), note_name);
  if (!any_of_profile()) return made;
  made.profile = profile();
  for (const ProfileOption& option : all_profile_options) {
    std::string& text = (*made.profile).*option.field;
    text = cleared_or(text, clears(option.option + 2), option.option + 2);
  }
  return made;
}

// ---- settings

SettingsOptions::SettingsOptions(Options& options) {
  struct Option {
    const char* name;
    std::string Typed::*typed;
    const char* type_name;
    const char* help;
  };
  constexpr Option settings[] = {
      {"--networks,--network", &Typed::networks, "LIST",
       "The user's own networks and providers, as 10.0.0.0/8,AWS; none clears"},
      {"--skip-ip-check", &Typed::skip_ip_check, "on|off", "The tenant's networks do not bind it"},
      {"--require-tls", &Typed::require_tls, "on|off", "Its calls without TLS are denied"},
      {"--session-timeout", &Typed::session_timeout, "SECONDS", "0: the tenant's"},
      {"--api-logging", &Typed::api_logging, "on|off", "Its calls are recorded"},
  };
  for (const Option& option : settings)
    options.add(option.name, &((*typed_).*option.typed), option.help)
        .type_name(option.type_name)
        .group("Settings");
}

bool SettingsOptions::any() const {
  const Typed& typed = *typed_;
  return !(typed.networks.empty() && typed.skip_ip_check.empty() && typed.require_tls.empty() &&
           typed.session_timeout.empty() && typed.api_logging.empty());
}

schema::SetUserSettingsT SettingsOptions::change() const {
  const Typed& typed = *typed_;
  schema::SetUserSettingsT made;
  if (!typed.networks.empty()) made.networks = parse_networks(typed.networks);
  if (!typed.skip_ip_check.empty())
    made.skip_ip_check = parse_switch(typed.skip_ip_check, "--skip-ip-check");
  if (!typed.require_tls.empty())
    made.secure_transport_required = parse_switch(typed.require_tls, "--require-tls");
  if (!typed.session_timeout.empty())
    made.session_timeout_seconds = parse_seconds(typed.session_timeout);
  if (!typed.api_logging.empty())
    made.api_logging = parse_switch(typed.api_logging, "--api-logging");
  return made;
}

std::unique_ptr<schema::UserSettingsT> SettingsOptions::settings() const {
  if (!any()) return nullptr;
  auto asked = change();
  auto made = std::make_unique<schema::UserSettingsT>();
  made->networks = std::move(asked.networks);
  made->skip_ip_check = asked.skip_ip_check.value_or(false);
  made->secure_transport_required = asked.secure_transport_required.value_or(false);
  made->session_timeout_seconds = asked.session_timeout_seconds.value_or(0);
  made->api_logging = asked.api_logging.value_or(false);
  return made;
}

}  // namespace postern::cli
