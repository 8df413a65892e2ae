#include "tools/cli/policies.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <variant>

#include "schema/cleared_text.h"
#include "tools/arguments/options.h"
#include "tools/cli/values.h"
#include "tools/cli/verb.h"
#include "tools/text/numbers.h"
#include "tools/text/shown.h"
#include "tools/text/words.h"

namespace postern::cli {
namespace {

using Changes = schema::PolicyChangesT;

template <class Value>
struct Optional {
  flatbuffers::Optional<Value> Changes::*asked;
};

using Switch = Optional<bool>;
using Count = Optional<std::uint16_t>;
using Seconds = Optional<std::uint32_t>;
using Status = Optional<schema::UserStatus>;
using Rule = Optional<schema::PrefixRule>;
struct Text {
  std::string Changes::*asked;
};
struct Networks {};

struct Policy {
  const char* field;
  const char* option;
  const char* type_name;
  const char* help;
  std::variant<Switch, Count, Seconds, Status, Rule, Text, Networks> value;
};

constexpr const char* on_off = "on|off";

const Policy policies[] = {
    {"password_length_min", "--password-length-min", "N", "Fewest characters of a password",
     Count{&Changes::password_length_min}},
    {"password_needs_digit_or_symbol", "--password-digit-or-symbol", on_off,
     "A password needs a digit or a symbol", Switch{&Changes::password_needs_digit_or_symbol}},
    {"password_forbidden_characters", "--password-forbidden", "CHARACTERS",
     "Characters no password may contain", Text{&Changes::password_forbidden_characters}},
    {"lockout_failures", "--lockout-failures", "N", "Wrong passwords in a row that lock, 1 to 100",
     Count{&Changes::lockout_failures}},
    {"lock_seconds", "--lock-seconds", "SECONDS", "Such a lock opens after this; 0: never",
     Seconds{&Changes::lock_seconds}},
    {"imported_hash_days", "--imported-hash-days", "DAYS",
     "A bcrypt or SHA-crypt hash ends that was not used for so many; 0: never",
     Count{&Changes::imported_hash_days}},
    {"same_wrong_password_counts_once", "--same-wrong-password-once", on_off,
     "The same wrong password again counts once",
     Switch{&Changes::same_wrong_password_counts_once}},
    {"lock_closes_password_only", "--lock-closes-password-only", on_off,
     "Keys and open sessions go on under such a lock", Switch{&Changes::lock_closes_password_only}},
    {"tell_reasons", "--tell-reasons", on_off, "Tell services why before a credential is verified",
     Switch{&Changes::tell_reasons}},
    {"session_timeout_seconds", "--session-timeout", "SECONDS", "Of a session, 60 to 86400",
     Seconds{&Changes::session_timeout_seconds}},
    {"session_seconds_max", "--session-max", "SECONDS", "Of a session with its renewals",
     Seconds{&Changes::session_seconds_max}},
    {"username_generated", "--username-generated", on_off, "Usernames are generated, not chosen",
     Switch{&Changes::username_generated}},
    {"username_domain", "--username-domain", "DOMAIN",
     "What stands behind the @ of a generated name; '' for the tenant's alias",
     Text{&Changes::username_domain}},
    {"username_fixed", "--username-fixed", on_off, "Usernames are for ever",
     Switch{&Changes::username_fixed}},
    {"username_prefix", "--username-prefix", "TEXT", "Prefix of usernames",
     Text{&Changes::username_prefix}},
    {"username_prefix_rule", "--username-prefix-rule", "off|warn|required",
     "What becomes of a name without the prefix", Rule{&Changes::username_prefix_rule}},
    {"new_user_status", "--new-user-status", "new|active", "Status of a created user",
     Status{&Changes::new_user_status}},
    {"new_user_api_access", "--new-user-api-access", on_off, "API access of a created user",
     Switch{&Changes::new_user_api_access}},
    {"direct_deletion", "--direct-deletion", on_off, "Deletion needs no trash first",
     Switch{&Changes::direct_deletion}},
    {"networks", "--networks,--network", "LIST",
     "Allowed networks and providers, as 10.0.0.0/8,AWS; none clears", Networks{}},
    {"user_networks_mandatory", "--user-networks-mandatory", on_off,
     "Users without networks of their own are denied", Switch{&Changes::user_networks_mandatory}},
    {"secure_transport_required", "--require-tls", on_off, "Calls without TLS are denied",
     Switch{&Changes::secure_transport_required}},
    {"signatures_required", "--require-signatures", on_off, "Commands must be signed",
     Switch{&Changes::signatures_required}},
};

/// "--networks,--network": the first alone.
std::string name_of(const Policy& policy) {
  const std::string all = policy.option;
  return all.substr(0, all.find(','));
}

template <class Number>
Number parse_number(const std::string& text, const std::string& option) {
  const auto number = text::read_number<Number>(text);
  if (!number)
    stop_usage(
        fmt::format("{} takes a number, at most {}.", option, std::numeric_limits<Number>::max()));
  return *number;
}

// How each kind is read.

struct Reader {
  const std::string& text;
  const std::string option;
  Changes& changes;

  void operator()(const Switch& value) const { changes.*value.asked = parse_switch(text, option); }
  void operator()(const Count& value) const {
    changes.*value.asked = parse_number<std::uint16_t>(text, option);
  }
  void operator()(const Seconds& value) const {
    changes.*value.asked = parse_number<std::uint32_t>(text, option);
  }
  void operator()(const Status& value) const {
    if (text != "new" && text != "active") stop_usage(option + " takes new or active.");
    changes.*value.asked =
        text == "new" ? schema::UserStatus::new_user : schema::UserStatus::active;
  }
  void operator()(const Rule& value) const {
    for (const auto rule : schema::EnumValuesPrefixRule())
      if (text == schema::EnumNamePrefixRule(rule)) changes.*value.asked = rule;
    if (!(changes.*value.asked)) stop_usage(option + " takes off, warn or required.");
  }
  void operator()(const Text& value) const { changes.*value.asked = text; }
  void operator()(const Networks&) const { changes.networks = parse_networks(text); }
};

}  // namespace

arguments::Option& add_clear(Options& options, std::vector<std::string>& cleared,
                             const std::vector<std::string>& names) {
  return options.add("--clear", List{&cleared}, "Take away: " + text::joined(names))
      .check([names](const std::string& typed) -> std::string {
        for (const std::string& name : text::split_list(typed))
          if (std::ranges::find(names, name) == names.end())
            return fmt::format("'{}' cannot be cleared; name {}", text::printable(name),
                               text::joined(names, ", "));
        return {};
      })
      .type_name("FIELD");
}

std::string cleared_or(const std::string& text, bool cleared, std::string_view name) {
  if (!cleared) return text;
  if (!text.empty()) stop_usage(fmt::format("{0} is both set and cleared.", name));
  return std::string(schema::cleared_text);
}

PolicyOptions::PolicyOptions(Options& options, Of of) : values_(std::size(policies)) {
  std::vector<std::string> texts;
  for (std::size_t place = 0; place < std::size(policies); ++place) {
    const Policy& policy = policies[place];
    if (std::holds_alternative<Text>(policy.value)) texts.push_back(name_of(policy).substr(2));
    options.add(policy.option, &values_[place], policy.help)
        .type_name(policy.type_name)
        .group("Policies");
  }
  if (of == Of::present_tenant) add_clear(options, *cleared_, texts).group("Policies");
}

bool PolicyOptions::any() const {
  const auto is_given = [](const std::string& value) { return !value.empty(); };
  return !cleared_->empty() || std::ranges::any_of(values_, is_given);
}

void PolicyOptions::change(schema::PolicyChangesT& changes) const {
  for (std::size_t place = 0; place < std::size(policies); ++place)
    if (!values_[place].empty())
      std::visit(Reader{values_[place], name_of(policies[place]), changes}, policies[place].value);
  for (const Policy& policy : policies) {
    const auto* text = std::get_if<Text>(&policy.value);
    const auto name = name_of(policy).substr(2);
    if (text == nullptr || std::ranges::find(*cleared_, name) == cleared_->end()) continue;
    changes.*text->asked = cleared_or(changes.*text->asked, true, name);
  }
}

std::unique_ptr<schema::NetworksT> parse_networks(const std::string& text) {
  auto networks = std::make_unique<schema::NetworksT>();
  if (text == "none") return networks;
  networks->entries = text::split_list(text);
  if (std::ranges::count(networks->entries, "") > 0)
    stop_usage("A list of networks has an empty entry.", "'none' clears it.");
  return networks;
}

std::vector<std::string> policy_fields() {
  std::vector<std::string> fields;
  for (const Policy& policy : policies) fields.emplace_back(policy.field);
  return fields;
}

}  // namespace postern::cli
