// Commands and questions in their native form, for clients of the real daemon.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "command_generated.h"
#include "query_generated.h"

namespace postern::support {

template <class Body>
schema::CommandMessageT command_message(std::string tenant, std::string user, Body body) {
  schema::CommandMessageT message;
  message.tenant = std::move(tenant);
  auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
  command->user = std::move(user);
  command->body.Set(std::move(body));
  return message;
}

inline schema::CommandMessageT create_tenant(std::string alias) {
  schema::CreateTenantT body;
  body.alias = std::move(alias);
  return command_message("", "", std::move(body));
}

inline schema::CommandMessageT create_user(std::string tenant, std::string name) {
  schema::CreateUserT body;
  body.username = std::move(name);
  return command_message(std::move(tenant), "", std::move(body));
}

inline schema::CommandMessageT reset_password(std::string tenant, std::string user,
                                              std::string password) {
  schema::ResetPasswordT body;
  body.password = std::move(password);
  return command_message(std::move(tenant), std::move(user), std::move(body));
}

inline schema::CommandMessageT add_grant(std::string tenant, std::string user,
                                         schema::Effect effect, std::string action,
                                         std::string resource) {
  schema::AddGrantT body;
  body.effect = effect;
  body.action = std::move(action);
  body.resource = std::move(resource);
  return command_message(std::move(tenant), std::move(user), std::move(body));
}

/// An operator of all tenants, or of those named.
inline schema::CommandMessageT add_operator(std::string name, schema::Role role,
                                            std::span<const std::uint8_t> key,
                                            std::vector<std::string> tenants = {},
                                            bool vouches = false) {
  schema::AddOperatorT body;
  body.name = std::move(name);
  body.role = role;
  body.standing = std::make_unique<schema::OperatorStandingT>();
  body.standing->keys.emplace_back(std::make_unique<schema::PublicKeyT>())
      ->bytes.assign(key.begin(), key.end());
  body.standing->all_tenants = tenants.empty();
  body.standing->tenants = std::move(tenants);
  body.standing->vouches = vouches;
  return command_message("", "", std::move(body));
}

inline schema::QueryT check_by_name(std::string tenant, std::string user, std::string action,
                                    std::string resource) {
  schema::QueryT query;
  query.tenant = std::move(tenant);
  schema::CheckT body;
  schema::NamedUserT credential;
  credential.username = std::move(user);
  body.credential.Set(std::move(credential));
  auto& question = body.questions.emplace_back(std::make_unique<schema::QuestionT>());
  question->action = std::move(action);
  question->resource = std::move(resource);
  query.body.Set(std::move(body));
  return query;
}

inline schema::QueryT authenticate(std::string tenant, std::string user, std::string password) {
  schema::QueryT query;
  query.tenant = std::move(tenant);
  schema::AuthenticateT body;
  schema::PasswordCredentialT credential;
  credential.username = std::move(user);
  credential.password = std::move(password);
  body.credential.Set(std::move(credential));
  query.body.Set(std::move(body));
  return query;
}

inline schema::QueryT get_status() {
  schema::QueryT query;
  query.body.Set(schema::GetStatusT());
  return query;
}

}  // namespace postern::support
