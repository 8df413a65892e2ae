// U1, U2: the form of usernames, their prefix, generated ones, renaming.
#include <algorithm>

#include "codes.h"
#include "daemon/domain/limits.h"
#include "daemon/domain/rules.h"

namespace postern::domain {

using schema::Code;
using schema::PrefixRule;

namespace {

bool is_username(std::string_view text) {
  return !text.empty() && text.size() <= username_bytes_max &&
         std::ranges::all_of(text, is_username_character);
}

bool has_prefix(const Tenant& tenant, std::string_view username) {
  const std::string_view prefix = tenant.policies.username_prefix;
  return username.size() >= prefix.size() && equal_names(username.substr(0, prefix.size()), prefix);
}

}  // namespace

bool is_username_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') ||
         std::string_view("._@+-").find(character) != std::string_view::npos;
}

void check_username(const Case& asked, const Tenant& tenant, std::string_view username) {
  if (!is_username(username))
    asked.refuse(Code::field_malformed, "username",
                 "It must be [A-Za-z0-9._@+-]{1,128}, found " + quoted(username) + ".");
  else if (tenant.policies.username_prefix_rule == PrefixRule::required &&
           !has_prefix(tenant, username))
    asked.refuse(Code::username_prefix_missing, "username",
                 "It must begin with " + quoted(tenant.policies.username_prefix) + ", found " +
                     quoted(username) + ".");
}

std::string prefix_warning(const Tenant& tenant, std::string_view username) {
  if (tenant.policies.username_prefix_rule != PrefixRule::warn || has_prefix(tenant, username))
    return {};
  return "The username does not begin with " + quoted(tenant.policies.username_prefix) +
         ", as usernames of this tenant should.";
}

std::string username_of(const Case& asked, const Tenant& tenant) {
  const std::string_view given = view_of(asked.command.body_as_CreateUser()->username());
  if (!tenant.policies.username_generated) return std::string(given);
  const std::string& domain =
      tenant.policies.username_domain.empty() ? tenant.alias : tenant.policies.username_domain;
  if (given.empty()) return "apiuser-" + asked.material.name_part + "@" + domain;
  asked.refuse(Code::username_generated, "username", "Found " + quoted(given) + ".");
  return {};
}

void rename_user(const Case& asked) {
  const User* user = require_user(asked);
  if (user == nullptr) return;
  const Tenant& tenant = *asked.state.tables().find_tenant(user->tenant);
  const std::string username(view_of(asked.command.body_as_RenameUser()->username()));
  if (tenant.policies.username_fixed)
    asked.refuse(Code::username_fixed, "username", "It is " + quoted(user->username) + ".");
  check_username(asked, tenant, username);
  const User* holder = asked.state.tables().find_user(tenant.id, username);
  if (username == user->username)
    asked.refuse(Code::unchanged, "username", "It is " + quoted(username) + ".");
  else if (holder != nullptr && holder != user)
    asked.refuse(Code::user_exists, "username", quoted(username) + ".");
  if (!asked.decision.refusals.empty()) return;
  schema::UserRenamedT renamed;
  renamed.from = user->username;
  renamed.to = username;
  asked.cause(*user, renamed, prefix_warning(tenant, username));
}

}  // namespace postern::domain
