// T4: a tenant's policies, each with its bound. A change is not retroactive: only what is decided
// from then on reads it.
#include <algorithm>

#include "codes.h"
#include "daemon/domain/cleared.h"

namespace postern::domain {

using schema::Code;
using schema::PoliciesT;
using schema::PolicyChanges;

namespace {

constexpr std::size_t forbidden_characters_bytes_max = 256;
constexpr std::size_t prefix_characters_max = 32;
constexpr std::size_t domain_characters_max = 64;

template <class Number>
struct NumberPolicy {
  std::string_view name;
  flatbuffers::Optional<Number> (PolicyChanges::*asked)() const;
  Number PoliciesT::*held;
  Number min;
  Number max;
  /// 0 is allowed besides, and means without.
  bool may_be_zero = false;
};

constexpr NumberPolicy<std::uint16_t> short_numbers[] = {
    {"password_length_min", &PolicyChanges::password_length_min, &PoliciesT::password_length_min, 1,
     1'024},
    {"lockout_failures", &PolicyChanges::lockout_failures, &PoliciesT::lockout_failures, 1, 100},
    {"imported_hash_days", &PolicyChanges::imported_hash_days, &PoliciesT::imported_hash_days, 1,
     3'650, true},
};

constexpr NumberPolicy<std::uint32_t> seconds[] = {
    {"session_timeout_seconds", &PolicyChanges::session_timeout_seconds,
     &PoliciesT::session_timeout_seconds, 60, 86'400},
    {"session_seconds_max", &PolicyChanges::session_seconds_max, &PoliciesT::session_seconds_max,
     60, 2'592'000},
    {"lock_seconds", &PolicyChanges::lock_seconds, &PoliciesT::lock_seconds, 60, 31'536'000, true},
};

struct Switch {
  std::string_view name;
  flatbuffers::Optional<bool> (PolicyChanges::*asked)() const;
  bool PoliciesT::*held;
};

constexpr Switch switches[] = {
    {"password_needs_digit_or_symbol", &PolicyChanges::password_needs_digit_or_symbol,
     &PoliciesT::password_needs_digit_or_symbol},
    {"direct_deletion", &PolicyChanges::direct_deletion,
     &PoliciesT::direct_deletion},
    {"new_user_api_access", &PolicyChanges::new_user_api_access,
     &PoliciesT::new_user_api_access},
    {"tell_reasons", &PolicyChanges::tell_reasons,
     &PoliciesT::tell_reasons},
    {"username_generated", &PolicyChanges::username_generated,
     &PoliciesT::username_generated},
    {"username_fixed", &PolicyChanges::username_fixed,
     &PoliciesT::username_fixed},
    {"same_wrong_password_counts_once", &PolicyChanges::same_wrong_password_counts_once,
     &PoliciesT::same_wrong_password_counts_once},
    {"lock_closes_password_only", &PolicyChanges::lock_closes_password_only,
     &PoliciesT::lock_closes_password_only},
    {"user_networks_mandatory", &PolicyChanges::user_networks_mandatory,
     &PoliciesT::user_networks_mandatory},
    {"secure_transport_required", &PolicyChanges::secure_transport_required,
     &PoliciesT::secure_transport_required},
    {"signatures_required", &PolicyChanges::signatures_required,
     &PoliciesT::signatures_required},
};

template <class Number>
void change_number(const Case& asked, Cleared& cleared, const NumberPolicy<Number>& policy,
                   const PolicyChanges& changes, PoliciesT& policies) {
  const auto value = cleared.value(policy.name, (changes.*policy.asked)());
  if (!value) return;
  policies.*policy.held = *value;
  const bool fits = (*value >= policy.min && *value <= policy.max) ||
                    (*value == 0 && policy.may_be_zero);
  if (fits) return;
  asked.refuse(Code::field_malformed, policy.name,
               std::string("It must be ") + (policy.may_be_zero ? "0 or " : "") +
                   std::to_string(policy.min) + " to " + std::to_string(policy.max) + ", found " +
                   std::to_string(*value) + ".");
}

void change_new_user_status(const Case& asked, const PolicyChanges& changes, PoliciesT& policies) {
  const auto status = changes.new_user_status();
  if (!status) return;
  policies.new_user_status = *status;
  if (*status != schema::UserStatus::new_user && *status != schema::UserStatus::active)
    asked.refuse(Code::field_malformed, "new_user_status",
                 "A user starts as new_user or active, found " +
                     std::to_string(static_cast<unsigned>(*status)) + ".");
}

void change_forbidden_characters(const Case& asked, Cleared& cleared,
                                 const PolicyChanges& changes, PoliciesT& policies) {
  const auto given = cleared.text("password_forbidden_characters",
                                  changes.password_forbidden_characters());
  const std::string_view text = given.value_or(policies.password_forbidden_characters);
  if (given) policies.password_forbidden_characters = text;
  if (text.size() > forbidden_characters_bytes_max)
    asked.refuse(Code::too_large, "password_forbidden_characters",
                 "The limit is 256 bytes, found " + std::to_string(text.size()) + ".");
  else if (!is_text(text))
    asked.refuse(Code::field_malformed, "password_forbidden_characters",
                 "They must be UTF-8 without control characters.");
}

void change_prefix(const Case& asked, Cleared& cleared, const PolicyChanges& changes,
                   PoliciesT& policies) {
  if (const auto given = cleared.text("username_prefix", changes.username_prefix()))
    policies.username_prefix = *given;
  const std::string& prefix = policies.username_prefix;
  if (prefix.size() > prefix_characters_max ||
      !std::ranges::all_of(prefix, is_username_character))
    asked.refuse(Code::field_malformed, "username_prefix",
                 "It must be [A-Za-z0-9._@+-]{0,32}, found " + quoted(prefix) + ".");
  policies.username_prefix_rule =
      cleared.value("username_prefix_rule", changes.username_prefix_rule())
          .value_or(policies.username_prefix_rule);
  if (policies.username_prefix_rule > schema::PrefixRule::MAX)
    asked.refuse(Code::field_malformed, "username_prefix_rule",
                 "It must be off, warn or required, found " +
                     std::to_string(static_cast<unsigned>(policies.username_prefix_rule)) + ".");
  else if (policies.username_prefix_rule != schema::PrefixRule::off && prefix.empty())
    asked.refuse(Code::field_missing, "username_prefix", "The rule on prefixes needs one.");
}

/// U2: with it a generated name fits into a username's 128 characters.
void change_domain(const Case& asked, Cleared& cleared, const PolicyChanges& changes,
                   PoliciesT& policies) {
  const auto given = cleared.text("username_domain", changes.username_domain());
  if (!given) return;
  policies.username_domain = *given;
  const auto is_end = [](char character) { return character == '.' || character == '-'; };
  const bool fits = given->size() <= domain_characters_max &&
                    std::ranges::all_of(*given, [&](char character) {
                      return is_username_character(character) && character != '@' &&
                             character != '_' && character != '+';
                    });
  if (!fits || (!given->empty() && (is_end(given->front()) || is_end(given->back()))))
    asked.refuse(Code::field_malformed, "username_domain",
                 "It must be 0 to 64 of [A-Za-z0-9.-], at its ends a letter or digit; found " +
                     quoted(*given) + ".");
}

}  // namespace

void change_policies(const Case& asked, const PolicyChanges& changes, EmptyList empty,
                     PoliciesT& policies) {
  Cleared cleared(asked, schema::clearable_in_policy_changes, changes.cleared());
  for (const auto& policy : short_numbers)
    change_number(asked, cleared, policy, changes, policies);
  for (const auto& policy : seconds) change_number(asked, cleared, policy, changes, policies);
  for (const Switch& one : switches)
    policies.*one.held =
        cleared.value(one.name, (changes.*one.asked)()).value_or(policies.*one.held);
  change_new_user_status(asked, changes, policies);
  change_forbidden_characters(asked, cleared, changes, policies);
  change_prefix(asked, cleared, changes, policies);
  change_domain(asked, cleared, changes, policies);
  check_networks(asked, changes.networks(), empty);
  if (const auto networks = cleared.networks("networks", changes.networks()))
    policies.networks = stored_networks(*networks);
  cleared.refuse_unknown();
}

}  // namespace postern::domain
