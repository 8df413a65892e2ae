#include "daemon/domain/decide.h"

#include <array>

#include "codes.h"
#include "daemon/domain/rules.h"

namespace postern::domain {

namespace {

using schema::Code;
using schema::CommandBody;

constexpr std::size_t reason_bytes_max = 1'024;
constexpr std::size_t batch_commands_max = 1'000;
constexpr std::size_t signature_bytes = 64;

struct RuleOfKind {
  CommandBody kind;
  Rule rule;
};

constexpr RuleOfKind rule_table[] = {
    {CommandBody::CreateTenant, create_tenant},     {CommandBody::EnableTenant, enable_tenant},
    {CommandBody::DisableTenant, disable_tenant},   {CommandBody::CreateUser, create_user},
    {CommandBody::EnableUser, enable_user},         {CommandBody::DisableUser, disable_user},
    {CommandBody::TrashUser, trash_user},           {CommandBody::RestoreUser, restore_user},
    {CommandBody::DeleteUser, delete_user},         {CommandBody::LockUser, lock_user},
    {CommandBody::UnlockUser, unlock_user},         {CommandBody::SetApiAccess, set_api_access},
    {CommandBody::ResetPassword, reset_password},   {CommandBody::ChangePassword, change_password},
    {CommandBody::RecordAttempt, record_attempt},   {CommandBody::AddGrant, add_grant},
    {CommandBody::RemoveGrant, remove_grant},       {CommandBody::AddOperator, add_operator},
    {CommandBody::ChangeOperator, change_operator}, {CommandBody::RemoveOperator, remove_operator},
    {CommandBody::RecordRefusals, record_refusals},
};

constexpr auto kind_count = static_cast<std::size_t>(CommandBody::MAX) + 1;
static_assert(std::size(rule_table) == kind_count - 1, "every kind of command has its rule");

constexpr auto rules = [] {
  std::array<Rule, kind_count> table{};
  for (const RuleOfKind& row : rule_table) table[static_cast<std::size_t>(row.kind)] = row.rule;
  return table;
}();

schema::ProblemT problem(Code code, std::uint32_t index, std::string_view field,
                         std::string_view detail) {
  const schema::CodeText& text = schema::code_text(code);
  schema::ProblemT made;
  made.code = code;
  made.index = index;
  made.field = field;
  made.sentence = text.sentence;
  if (!detail.empty()) made.sentence.append(" ").append(detail);
  made.remedy = text.remedy;
  return made;
}

/// Continuation bytes a UTF-8 lead byte asks for; -1: no lead byte.
int continuation_count(unsigned char lead) {
  if (lead < 0x80) return 0;
  if (lead >= 0xc2 && lead < 0xe0) return 1;
  if (lead >= 0xe0 && lead < 0xf0) return 2;
  return lead >= 0xf0 && lead < 0xf5 ? 3 : -1;
}

}  // namespace

void Case::refuse(Code code, std::string_view field, std::string_view detail) const {
  decision.refusals.push_back(problem(code, index, field, detail));
}

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : text->string_view();
}

bool is_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) return false;
  for (std::size_t place = 0; place < text.size(); ++place) {
    const auto lead = static_cast<unsigned char>(text[place]);
    const int more = continuation_count(lead);
    if (more < 0 || lead < 0x20 || lead == 0x7f) return false;
    for (int count = 0; count < more; ++count)
      if (++place == text.size() || (static_cast<unsigned char>(text[place]) & 0xc0U) != 0x80U)
        return false;
  }
  return true;
}

std::string_view name_of(schema::UserStatus status) {
  return status == schema::UserStatus::new_user ? "new" : schema::EnumNameUserStatus(status);
}

const Tenant* find_tenant_in_scope(const State& state, const Operator& asker,
                                   std::string_view alias) {
  const Tenant* tenant = state.tables().find_tenant(alias);
  return tenant != nullptr && in_scope(asker, tenant->id) ? tenant : nullptr;
}

const User* find_target(const State& state, const Tenant& tenant, const schema::Command& command) {
  const std::string_view username = view(command.user());
  if (command.user_id() == nullptr) return state.tables().find_user(tenant.id, username);
  const User* user = state.tables().find_user(*command.user_id());
  const bool agree = user != nullptr && user->tenant == tenant.id &&
                     (username.empty() || equal_names(user->username, username));
  return agree ? user : nullptr;
}

const Tenant* require_tenant(const Case& asked) {
  const std::string_view alias = view(asked.context.message->tenant());
  const Tenant* tenant = find_tenant_in_scope(asked.state, asked.asker(), alias);
  if (tenant == nullptr)
    asked.refuse(
        alias.empty() ? Code::field_missing : Code::tenant_unknown, "tenant",
        alias.empty() ? "The command concerns a tenant." : "'" + std::string(alias) + "'.");
  return tenant;
}

const User* require_known_user(const Case& asked) {
  const Tenant* tenant = require_tenant(asked);
  if (tenant == nullptr) return nullptr;
  const User* user = find_target(asked.state, *tenant, asked.command);
  if (user == nullptr) {
    asked.refuse(Code::user_unknown, "user", "'" + std::string(view(asked.command.user())) + "'.");
    return nullptr;
  }
  const bool is_manager = asked.asker().role == schema::Role::manager;
  if (is_manager && user->status == schema::UserStatus::new_user) {
    asked.refuse(Code::not_permitted, "user", "A manager may not change a user that is new.");
    return nullptr;
  }
  const std::uint64_t expected = asked.command.expected_version();
  if (expected != 0 && expected != user->version) {
    asked.refuse(Code::version_conflict, "expected_version",
                 "It has version " + std::to_string(user->version) + ", expected was " +
                     std::to_string(expected) + ".");
    return nullptr;
  }
  return user;
}

const User* require_user(const Case& asked) {
  const User* user = require_known_user(asked);
  if (user == nullptr || user->status != schema::UserStatus::deleted) return user;
  asked.refuse(Code::user_not_active, "user", "It is deleted, which is for ever.");
  return nullptr;
}

Decision decide(const State& state, const schema::Command& command, std::uint32_t index,
                const Material& material, const Context& context) {
  Decision decision;
  const Case asked{state, command, index, material, context, decision};
  const auto kind = static_cast<std::size_t>(command.body_type());
  if (kind >= kind_count || rules[kind] == nullptr || command.body() == nullptr)
    asked.refuse(Code::unknown_kind, "body");
  else
    rules[kind](asked);
  return decision;
}

std::vector<schema::ProblemT> message_problems(const schema::CommandMessage& message) {
  std::vector<schema::ProblemT> problems;
  const auto refuse = [&](Code code, std::string_view field, std::string_view detail = {}) {
    problems.push_back(problem(code, 0, field, detail));
  };
  if (message.id() == nullptr)
    refuse(Code::field_missing, "id", "Every message needs a UUIDv7.");
  else if ((message.id()->high() >> 12 & 0xfU) != 7 || message.id()->low() >> 62 != 2)
    refuse(Code::field_malformed, "id", "It is not a UUIDv7.");
  const std::string_view reason = view(message.reason());
  if (reason.size() > reason_bytes_max)
    refuse(Code::too_large, "reason",
           "The limit is 1024 bytes, found " + std::to_string(reason.size()) + ".");
  else if (!is_text(reason, reason_bytes_max))
    refuse(Code::field_malformed, "reason", "It must be UTF-8 without control characters.");
  if (message.signature() != nullptr && message.signature()->size() != signature_bytes)
    refuse(Code::field_malformed, "signature", "It must have 64 bytes.");
  const std::size_t count = message.commands() == nullptr ? 0 : message.commands()->size();
  if (count == 0) refuse(Code::field_missing, "commands", "There is nothing to do.");
  if (count > batch_commands_max)
    refuse(Code::too_large, "commands",
           "The limit is 1000 commands, found " + std::to_string(count) + ".");
  return problems;
}

}  // namespace postern::domain
