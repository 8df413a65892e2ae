#include "daemon/domain/decide.h"

#include <array>

#include "daemon/domain/rules.h"
#include "schema/problem.h"
#include "schema/signed_message.h"

namespace postern::domain {

namespace {

using schema::Code;
using schema::CommandBody;

constexpr std::size_t reason_bytes_max = 1'024;
constexpr std::size_t batch_commands_max = 1'000;

struct RuleOfKind {
  CommandBody kind;
  Rule rule;
};

constexpr RuleOfKind rule_table[] = {
    {CommandBody::CreateTenant, create_tenant},
    {CommandBody::EnableTenant, enable_tenant},
    {CommandBody::DisableTenant, disable_tenant},
    {CommandBody::CreateUser, create_user},
    {CommandBody::EnableUser, enable_user},
    {CommandBody::DisableUser, disable_user},
    {CommandBody::TrashUser, trash_user},
    {CommandBody::RestoreUser, restore_user},
    {CommandBody::DeleteUser, delete_user},
    {CommandBody::LockUser, lock_user},
    {CommandBody::UnlockUser, unlock_user},
    {CommandBody::SetApiAccess, set_api_access},
    {CommandBody::ResetPassword, reset_password},
    {CommandBody::ChangePassword, change_password},
    {CommandBody::RecordAttempt, record_attempt},
    {CommandBody::AddGrant, add_grant},
    {CommandBody::RemoveGrant, remove_grant},
    {CommandBody::AddOperator, add_operator},
    {CommandBody::ChangeOperator, change_operator},
    {CommandBody::RemoveOperator, remove_operator},
    {CommandBody::RecordRefusals, record_refusals},
    {CommandBody::SetTenant, set_tenant},
    {CommandBody::DefineCatalogue, define_catalogue},
    {CommandBody::RetireCatalogue, retire_catalogue},
    {CommandBody::EndTenantSessions, end_tenant_sessions},
    {CommandBody::RenameUser, rename_user},
    {CommandBody::SetProfile, set_profile},
    {CommandBody::SetUserSettings, set_user_settings},
    {CommandBody::RotatePassword, rotate_password},
    {CommandBody::CreateKey, create_key},
    {CommandBody::RevokeKey, revoke_key},
    {CommandBody::EndSessions, end_sessions},
    {CommandBody::CreateRole, create_role},
    {CommandBody::DeleteRole, delete_role},
    {CommandBody::AddRoleGrant, add_role_grant},
    {CommandBody::RemoveRoleGrant, remove_role_grant},
    {CommandBody::NestRole, nest_role},
    {CommandBody::UnnestRole, unnest_role},
    {CommandBody::AssignRole, assign_role},
    {CommandBody::UnassignRole, unassign_role},
    {CommandBody::ImportRanges, import_ranges},
    {CommandBody::RecordUse, record_use},
    {CommandBody::EraseUser, erase_user},
    {CommandBody::BackUpKeys, back_up_keys},
    {CommandBody::RecordReview, record_review},
};

constexpr auto command_kind_count = static_cast<std::size_t>(CommandBody::MAX) + 1;
static_assert(std::size(rule_table) == command_kind_count - 1,
              "every kind of command has its rule");

constexpr auto rules = [] {
  std::array<Rule, command_kind_count> table{};
  for (const RuleOfKind& row : rule_table) table[static_cast<std::size_t>(row.kind)] = row.rule;
  return table;
}();

constexpr char32_t no_character = 0xffff'ffff;

/// Takes the first UTF-8 character off `text`; `no_character` where the bytes are none.
char32_t take_character(std::string_view& text) {
  struct Form {
    unsigned char lead_mask;
    unsigned char lead;
    char32_t smallest;
  };
  // What is longer than it need be is refused: one character has one spelling.
  constexpr Form forms[] = {
      {0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
  const auto lead = static_cast<unsigned char>(text.front());
  for (std::size_t more = 0; more < std::size(forms); ++more) {
    const Form& form = forms[more];
    if ((lead & form.lead_mask) != form.lead) continue;
    if (text.size() <= more) return no_character;
    char32_t character = lead & static_cast<unsigned char>(~form.lead_mask);
    for (const char next : text.substr(1, more)) {
      const auto byte = static_cast<unsigned char>(next);
      if ((byte & 0xc0U) != 0x80) return no_character;
      character = character << 6 | (byte & 0x3fU);
    }
    text.remove_prefix(1 + more);
    const bool surrogate = character >= 0xd800 && character <= 0xdfff;
    return character < form.smallest || surrogate || character > 0x10ffff ? no_character
                                                                          : character;
  }
  return no_character;
}

bool is_control(char32_t character) {
  return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

}  // namespace

void Case::refuse(Code code, std::string_view field, std::string_view detail) const {
  decision.refusals.push_back(make_problem(code, field, detail));
  decision.refusals.back().index = index;
}

bool is_text(std::string_view text) {
  while (!text.empty()) {
    const char32_t character = take_character(text);
    if (character == no_character || is_control(character)) return false;
  }
  return true;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t shown_max = 128;
  return "'" + std::string(text.substr(0, shown_max)) + (text.size() > shown_max ? "...'" : "'");
}

std::string_view name_of(schema::UserStatus status) {
  return status == schema::UserStatus::new_user ? "new" : schema::EnumNameUserStatus(status);
}

std::string nearest(const Case& asked, const Catalogue& catalogue, std::string_view resource,
                    std::string_view action) {
  constexpr std::size_t work_max = 200'000;
  const std::size_t work = work_of_nearest(catalogue, resource);
  if (asked.decision.work + work > work_max) return {};
  asked.looked_at(work);
  return " " + nearest_known(catalogue, resource, action);
}

const Tenant* find_tenant_in_scope(const State& state, const Operator& asker,
                                   std::string_view alias) {
  const Tenant* tenant = state.find_tenant(alias);
  return tenant != nullptr && in_scope(asker, tenant->id) ? tenant : nullptr;
}

const User* find_target(const State& state, const Tenant& tenant, const schema::Command& command) {
  const std::string_view username = view_of(command.user());
  if (command.user_id() == nullptr) return state.tables().find_user(tenant.id, username);
  const User* user = state.tables().find_user(*command.user_id());
  const bool agree = user != nullptr && user->tenant == tenant.id &&
                     (username.empty() || equal_names(user->username, username));
  return agree ? user : nullptr;
}

const Tenant* require_tenant(const Case& asked) {
  const std::string_view alias = view_of(asked.context.message->tenant());
  const Tenant* tenant = find_tenant_in_scope(asked.state, asked.asker(), alias);
  if (tenant == nullptr)
    asked.refuse(alias.empty() ? Code::field_missing : Code::tenant_unknown, "tenant",
                 alias.empty() ? "The command concerns a tenant." : quoted(alias) + ".");
  return tenant;
}

const User* require_known_user(const Case& asked) {
  const Tenant* tenant = require_tenant(asked);
  if (tenant == nullptr) return nullptr;
  const User* user = find_target(asked.state, *tenant, asked.command);
  if (user == nullptr) {
    const std::string_view username = view_of(asked.command.user());
    if (username.empty() && asked.command.user_id() == nullptr)
      asked.refuse(Code::field_missing, "user", "The command concerns a user.");
    else
      asked.refuse(Code::user_unknown, "user", quoted(username) + ".");
    return nullptr;
  }
  const bool is_manager = asked.asker().role == schema::Role::manager;
  if (is_manager && user->status == schema::UserStatus::new_user) {
    asked.refuse(Code::not_permitted, "user", "A manager may not change a user that is new.");
    return nullptr;
  }
  return require_version(asked, *user) ? user : nullptr;
}

bool require_version(const Case& asked, const User& user) {
  const std::uint64_t expected = asked.command.expected_version();
  if (expected == 0 || expected == user.version) return true;
  asked.refuse(Code::version_conflict, "expected_version",
               "It has version " + std::to_string(user.version) + ", expected was " +
                   std::to_string(expected) + ".");
  return false;
}

namespace {

/// What a command is about beside its user.
struct Subject {
  std::string_view what;
  Seq changed_seq = 0;
};

/// Nothing: it names none that is there.
std::optional<Subject> expected_of(const Case& asked) {
  const auto& body = asked.command;
  std::string_view name;
  if (const auto* change = body.body_as_ChangeOperator()) name = view_of(change->name());
  if (const auto* removal = body.body_as_RemoveOperator()) name = view_of(removal->name());
  if (!name.empty()) {
    const Operator* entry = asked.state.tables().find_operator(name);
    if (entry == nullptr) return std::nullopt;
    return Subject{"operator", entry->changed_seq};
  }
  const std::string_view alias = view_of(asked.context.message->tenant());
  const Tenant* tenant = find_tenant_in_scope(asked.state, asked.asker(), alias);
  if (tenant == nullptr) return std::nullopt;
  return Subject{"tenant", tenant->changed_seq};
}

/// K2, H10: refuses where another record than the one expected is the newest of what the command is
/// about. What is not there is refused by the command's own rule.
bool require_unchanged(const Case& asked) {
  const Seq expected = asked.command.expected_seq();
  if (expected == 0) return true;
  const auto subject = expected_of(asked);
  if (!subject || subject->changed_seq == expected) return true;
  asked.refuse(Code::version_conflict, "expected_seq",
               "Record " + std::to_string(subject->changed_seq) + " changed the " +
                   std::string(subject->what) + " last, expected was " + std::to_string(expected) +
                   ".");
  return false;
}

}  // namespace

const User* require_user(const Case& asked) {
  const User* user = require_known_user(asked);
  if (user == nullptr || user->status != schema::UserStatus::deleted) return user;
  asked.refuse(Code::user_not_active, "user", "It is deleted, which is for ever.");
  return nullptr;
}

Decision decide(const State& state, const schema::Command& command, std::uint32_t index,
                const Material& material, const Context& context, PackedEvents& events,
                std::size_t work) {
  Decision decision;
  decision.work = work;
  const Case asked{state, command, index, material, context, decision, events, events.size()};
  const auto kind = static_cast<std::size_t>(command.body_type());
  if (kind >= command_kind_count || rules[kind] == nullptr || command.body() == nullptr)
    asked.refuse(Code::unknown_kind, "body");
  else if (require_unchanged(asked))
    rules[kind](asked);
  return decision;
}

std::vector<schema::EventT> PackedEvents::unpacked() const {
  std::vector<schema::EventT> events(size());
  for (std::size_t index = 0; index < size(); ++index) (*this)[index].UnPackTo(&events[index]);
  return events;
}

void PackedEvents::clear() {
  builder.Clear();
  offsets.clear();
}

std::vector<schema::ProblemT> message_problems(const schema::CommandMessage& message) {
  std::vector<schema::ProblemT> problems;
  const auto refuse = [&](Code code, std::string_view field, std::string_view detail = {}) {
    problems.push_back(make_problem(code, field, detail));
  };
  if (message.id() == nullptr)
    refuse(Code::field_missing, "id", "Every message needs a UUIDv7.");
  else if ((message.id()->high() >> 12 & 0xfU) != 7 || message.id()->low() >> 62 != 2)
    refuse(Code::field_malformed, "id", "It is not a UUIDv7.");
  const std::string_view reason = view_of(message.reason());
  if (reason.size() > reason_bytes_max)
    refuse(Code::too_large, "reason",
           "The limit is 1024 bytes, found " + std::to_string(reason.size()) + ".");
  else if (!is_text(reason))
    refuse(Code::field_malformed, "reason", "It must be UTF-8 without control characters.");
  if (const schema::Guard* guard = message.guard()) {
    if (guard->days() > guard_days_max)
      refuse(Code::field_malformed, "days",
             "The limit is 400 days, found " + std::to_string(guard->days()) + ".");
    else if (!guard->unused() && guard->days() == 0)
      refuse(Code::field_missing, "guard", "It asks for nothing.");
    if (view_of(message.tenant()).empty())
      refuse(Code::field_missing, "tenant", "A guard is about what one tenant's users did.");
  }
  if (schema::is_signed(message) && message.signature()->size() != schema::signature_bytes)
    refuse(Code::field_malformed, "signature", "It must have 64 bytes.");
  const std::size_t count = message.commands() == nullptr ? 0 : message.commands()->size();
  if (count == 0) refuse(Code::field_missing, "commands", "There is nothing to do.");
  if (count > batch_commands_max)
    refuse(Code::too_large, "commands",
           "The limit is 1000 commands, found " + std::to_string(count) + ".");
  return problems;
}

}  // namespace postern::domain
