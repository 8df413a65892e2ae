#include "tests/property/random_commands.h"

#include <algorithm>

#include "daemon/domain/catalogue.h"
#include "tests/property/random_words.h"
#include "tests/support/oracle.h"

namespace postern::property {

using domain::State;
using schema::CommandBody;
using schema::CommandT;
using schema::Role;
using schema::UserStatus;

constexpr std::size_t population_max = 12;

std::string RandomCommands::any(const Choice& choice) {
  return choice.values[below(one_in(20) ? choice.values.size() : choice.good)];
}

const domain::User* RandomCommands::any_user(const State& state) {
  population_ = 0;
  const bool with_deleted = one_in(10);
  std::vector<const domain::User*> users;
  state.tables().for_each_user([&](const domain::User& user) {
    const bool fits = with_deleted || user.status != UserStatus::deleted;
    if (tenant_ == nullptr || user.tenant != tenant_->id) return;
    population_ += user.status != UserStatus::deleted;
    if (fits) users.push_back(&user);
  });
  std::ranges::sort(users, domain::less, [](const domain::User* user) { return user->id; });
  return users.empty() ? nullptr : users[below(users.size())];
}

schema::EventT RandomCommands::tenant(const std::string& alias, const domain::Uuid& id) {
  schema::TenantCreatedT made;
  made.tenant = std::make_unique<domain::Uuid>(id);
  made.alias = alias;
  made.display_name = alias;
  made.policies = std::make_unique<schema::PoliciesT>();
  made.policies->lockout_failures = static_cast<std::uint16_t>(1 + below(4));
  made.policies->direct_deletion = one_in(2);
  made.policies->new_user_status = one_in(3) ? UserStatus::new_user : UserStatus::active;
  made.policies->new_user_api_access = !one_in(4);
  made.policies->tell_reasons = one_in(2);
  made.catalogue = domain::as_schema(domain::default_catalogue());
  schema::EventT event;
  event.body.Set(std::move(made));
  return event;
}

// ---- commands

template <class Body>
void RandomCommands::bare(CommandT& command) {
  command.body.Set(Body());
}

void RandomCommands::create_tenant(CommandT& command) {
  schema::CreateTenantT body;
  body.alias = one_in(3) ? any(aliases) : "t" + std::to_string(below(50));
  body.display_name = any(texts);
  if (one_in(3)) body.policies = policies(true);
  if (one_in(3)) body.catalogue.push_back(catalogue_kind());
  command.body.Set(std::move(body));
}

void RandomCommands::create_user(CommandT& command) {
  schema::CreateUserT body;
  if (tenant_ == nullptr || !tenant_->policies.username_generated || one_in(20))
    body.username = any(usernames);
  if (one_in(4)) body.status = static_cast<UserStatus>(below(one_in(5) ? 7 : 3));
  if (one_in(3)) body.api_access = one_in(2);
  if (!one_in(4)) body.password = any(passwords);
  if (one_in(10)) body.password_confirmation = any(passwords);
  if (one_in(8)) {
    body.password_hash = any(hashes);
    if (!one_in(4)) body.password = body.password_confirmation = "";
  }
  if (one_in(4)) body.note = any(texts);
  if (one_in(4)) body.profile = profile();
  if (one_in(8)) {
    body.settings = std::make_unique<schema::UserSettingsT>();
    if (one_in(2)) body.settings->networks = networks();
    body.settings->skip_ip_check = one_in(3);
    body.settings->secure_transport_required = one_in(3);
    body.settings->session_timeout_seconds = one_in(10) ? 59 : 600;
  }
  command.body.Set(std::move(body));
}

void RandomCommands::set_api_access(CommandT& command) {
  schema::SetApiAccessT body;
  body.allowed = !one_in(3);
  command.body.Set(body);
}

void RandomCommands::reset_password(CommandT& command) {
  schema::ResetPasswordT body;
  body.password = any(passwords);
  if (one_in(6)) body.password_confirmation = any(passwords);
  command.body.Set(std::move(body));
}

void RandomCommands::change_password(CommandT& command) {
  schema::ChangePasswordT body;
  body.current_password = any(passwords);
  body.password = any(passwords);
  if (one_in(6)) body.password_confirmation = any(passwords);
  command.body.Set(std::move(body));
}

void RandomCommands::record_attempt(CommandT& command) {
  schema::RecordAttemptT body;
  body.succeeded = one_in(2);
  if (!one_in(20)) body.service = std::make_unique<domain::Uuid>(7, 7);
  if (user_ != nullptr && !one_in(10)) body.password_seq = user_->password_seq;
  command.body.Set(std::move(body));
}

template <class Body>
void RandomCommands::grant(CommandT& command) {
  Body body;
  body.effect = one_in(3) ? schema::Effect::deny : schema::Effect::allow;
  if (one_in(40)) body.effect = static_cast<schema::Effect>(below(4));
  body.action = any(actions);
  body.resource = path(true);
  constexpr bool on_role = requires { body.role; };
  if constexpr (on_role) {
    body.role = any(roles);
    if constexpr (requires { body.conditions; })
      remember(granted_, {body.role, body.effect, body.action, body.resource});
    else
      recall(granted_, body, [](Body& to, const RoleGrant& from) {
        to.role = from.role;
        to.effect = from.effect;
        to.action = from.action;
        to.resource = from.resource;
      });
  }
  if constexpr (requires { body.conditions; }) {
    if (one_in(4)) body.conditions = conditions();
    if (!on_role && one_in(4)) pick_grant(body);
  } else if (!on_role && !one_in(5)) {
    domain::GrantPointer held = pick_grant(body);
    if (held != nullptr && one_in(3)) {
      body.grant = std::make_unique<schema::GrantReferenceT>();
      body.grant->seq = held->seq + (one_in(10) ? 1 : 0);
      body.grant->index = held->index;
    }
  }
  command.body.Set(std::move(body));
}

/// Names a grant the user has; null: it has none.
template <class Body>
domain::GrantPointer RandomCommands::pick_grant(Body& body) {
  if (user_ == nullptr || user_->grants->size() == 0) return nullptr;
  const domain::GrantPointer held = user_->grants->pointers()[below(user_->grants->size())];
  body.effect = held->effect();
  body.action = *held->action;
  body.resource = *held->resource;
  return held;
}

std::unique_ptr<schema::OperatorStandingT> RandomCommands::standing() {
  if (one_in(30)) return nullptr;
  auto made = std::make_unique<schema::OperatorStandingT>();
  for (std::size_t count = below(3); count > 0; --count) {
    made->keys.push_back(std::make_unique<schema::PublicKeyT>());
    made->keys.back()->bytes.assign(one_in(30) ? 31 : 32, static_cast<std::uint8_t>(below(9)));
  }
  if (one_in(2)) made->uid = static_cast<std::uint32_t>(below(9));
  made->all_tenants = one_in(2);
  if (!made->all_tenants || one_in(20)) made->tenants.push_back(any(aliases));
  if (!made->all_tenants && one_in(3)) made->tenants.push_back(any(aliases));
  made->vouches = one_in(2);
  return made;
}

template <class Body>
void RandomCommands::operator_body(CommandT& command) {
  Body body;
  body.name = any(operators);
  body.role = one_in(2) ? Role::owner : static_cast<Role>(below(8));
  body.standing = standing();
  command.body.Set(std::move(body));
}

void RandomCommands::remove_operator(CommandT& command) {
  schema::RemoveOperatorT body;
  body.name = any(operators);
  command.body.Set(std::move(body));
}

void RandomCommands::record_refusals(CommandT& command) {
  schema::RecordRefusalsT body;
  if (!one_in(10)) body.operator_id = std::make_unique<domain::Uuid>(7, 7);
  body.code = schema::Code::not_permitted;
  body.count = static_cast<std::uint32_t>(below(100));
  command.body.Set(std::move(body));
}

struct RandomCommands::Kind {
  int weight;
  void (RandomCommands::*make)(CommandT& command);
};

const std::vector<RandomCommands::Kind> RandomCommands::kinds_on_operators = {
    {2, &RandomCommands::create_tenant},
    {4, &RandomCommands::operator_body<schema::AddOperatorT>},
    {4, &RandomCommands::operator_body<schema::ChangeOperatorT>},
    {2, &RandomCommands::remove_operator},
    {1, &RandomCommands::record_refusals},
    {6, &RandomCommands::import_ranges},
    {3, &RandomCommands::back_up_keys},
};

const std::vector<RandomCommands::Kind> RandomCommands::kinds_in_a_tenant = {
    {4, &RandomCommands::bare<schema::EnableTenantT>},
    {1, &RandomCommands::bare<schema::DisableTenantT>},
    {6, &RandomCommands::set_tenant},
    {6, &RandomCommands::define_catalogue},
    {4, &RandomCommands::retire_catalogue},
    {1, &RandomCommands::bare<schema::EndTenantSessionsT>},
    {10, &RandomCommands::create_user},
    {8, &RandomCommands::bare<schema::EnableUserT>},
    {2, &RandomCommands::bare<schema::DisableUserT>},
    {2, &RandomCommands::bare<schema::TrashUserT>},
    {5, &RandomCommands::bare<schema::RestoreUserT>},
    {1, &RandomCommands::bare<schema::DeleteUserT>},
    {1, &RandomCommands::bare<schema::EraseUserT>},
    {1, &RandomCommands::bare<schema::LockUserT>},
    {6, &RandomCommands::bare<schema::UnlockUserT>},
    {6, &RandomCommands::set_api_access},
    {4, &RandomCommands::rename_user},
    {5, &RandomCommands::set_profile},
    {6, &RandomCommands::set_user_settings},
    {10, &RandomCommands::reset_password},
    {6, &RandomCommands::change_password},
    {5, &RandomCommands::rotate_password},
    {16, &RandomCommands::record_attempt},
    {6, &RandomCommands::create_key},
    {4, &RandomCommands::revoke_key},
    {6, &RandomCommands::end_sessions},
    {30, &RandomCommands::grant<schema::AddGrantT>},
    {14, &RandomCommands::grant<schema::RemoveGrantT>},
    {8, &RandomCommands::create_role},
    {3, &RandomCommands::on_role<schema::DeleteRoleT>},
    {10, &RandomCommands::grant<schema::AddRoleGrantT>},
    {5, &RandomCommands::grant<schema::RemoveRoleGrantT>},
    {10, &RandomCommands::nesting<schema::NestRoleT>},
    {5, &RandomCommands::nesting<schema::UnnestRoleT>},
    {8, &RandomCommands::on_role<schema::AssignRoleT>},
    {5, &RandomCommands::on_role<schema::UnassignRoleT>},
    {3, &RandomCommands::record_use},
    {2, &RandomCommands::record_review},
};

CommandT RandomCommands::command(const State& state, const std::vector<Kind>& kinds) {
  CommandT made;
  user_ = one_in(20) ? nullptr : any_user(state);
  made.user = user_ == nullptr ? any(usernames) : user_->username;
  if (user_ != nullptr && one_in(8)) made.user_id = std::make_unique<domain::Uuid>(user_->id);
  if (user_ != nullptr && one_in(20)) made.expected_version = user_->version + below(2);
  std::vector<int> weights;
  for (const Kind& kind : kinds) weights.push_back(kind.weight);
  std::discrete_distribution<std::size_t> any_kind(weights.begin(), weights.end());
  auto make = kinds[any_kind(random_)].make;
  if (tenant_ != nullptr && user_ == nullptr && !one_in(4)) make = &RandomCommands::create_user;
  // It takes many commands to recover from.
  if (make == &RandomCommands::bare<schema::DisableTenantT> && !one_in(6))
    make = &RandomCommands::bare<schema::EnableTenantT>;
  // Few users, so that commands meet.
  if (make == &RandomCommands::create_user && population_ >= population_max && !one_in(20))
    make = one_in(5) ? &RandomCommands::bare<schema::DeleteUserT>
                     : &RandomCommands::grant<schema::AddGrantT>;
  (this->*make)(made);
  return made;
}

schema::CommandMessageT RandomCommands::message(const State& state) {
  schema::CommandMessageT made;
  now_ns_ = state.time_ns();
  made.id = std::make_unique<domain::Uuid>(support::made_id(++message_count_));
  made.dry_run = one_in(10);
  if (one_in(20)) made.reason = any(texts);
  const bool on_operators = one_in(10);
  if (!on_operators || one_in(20)) made.tenant = any(aliases);
  tenant_ = state.tables().find_tenant(made.tenant);
  for (std::size_t count = one_in(4) ? 1 + below(5) : 1; count > 0; --count)
    made.commands.push_back(std::make_unique<CommandT>(
        command(state, on_operators || one_in(100) ? kinds_on_operators : kinds_in_a_tenant)));
  return made;
}

domain::Operator RandomCommands::asker(const State& state, const schema::CommandMessageT& message) {
  const auto may_send = [&](Role role) {
    return std::ranges::all_of(message.commands, [&](const auto& command) {
      return support::Oracle::may(role, command->body.type);
    });
  };
  if (may_send(Role::daemon)) return support::an_operator(Role::daemon);
  const bool anybody = one_in(20);
  const domain::Operator* known = state.tables().find_operator(any(operators));
  if (known != nullptr && one_in(3) && (anybody || may_send(known->role))) return *known;
  Role role = static_cast<Role>(1 + below(5));
  if (!anybody && !may_send(role))
    role = may_send(Role::administrator) && !one_in(4) ? Role::administrator : Role::owner;
  domain::Operator made = support::an_operator(role);
  if (one_in(10)) {
    made.all_tenants = false;
    const domain::Tenant* tenant = state.tables().find_tenant(any(aliases));
    if (tenant != nullptr) made.tenants.push_back(tenant->id);
  }
  return made;
}

// ---- questions

std::string RandomCommands::path(bool pattern) {
  std::string made = any(kind_names);
  for (std::size_t count = below(4); count > 0; --count)
    made += "/" + (pattern && one_in(4) ? "*" : any(segments));
  if (one_in(60)) made += "/" + std::string(64, 'x') + "/" + std::string(60 + below(8), 'y');
  return made;
}

RandomQuestion RandomCommands::question() { return {any(actions), path(one_in(30)), one_in(4)}; }

}  // namespace postern::property
