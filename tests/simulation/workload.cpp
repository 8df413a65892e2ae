#include "tests/simulation/workload.h"

#include <algorithm>

#include "schema/cleared_text.h"
#include "schema/identifiers.h"

namespace postern::simulation {

namespace {

using Kind = Effect::Kind;

const std::vector<std::string> tenants = {"alpha", "beta"};
const std::vector<std::string> names = {"ann", "bob", "cid"};
const std::vector<std::string> resources = {"table/a", "table/a/b", "table/c"};
const std::vector<std::string> noisy_tenants = {"acme", "other", "third"};

template <class Root, class Native>
std::vector<std::byte> bytes_of(const Native& native, const char* identifier) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Root::Pack(builder, &native), identifier);
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

std::pair<std::string, std::string> parts_of(const std::string& user) {
  const std::size_t slash = user.find('/');
  return {user.substr(0, slash), slash == std::string::npos ? "" : user.substr(slash + 1)};
}

schema::AddOperatorT an_operator(std::string name, schema::Role role, std::uint32_t uid) {
  schema::AddOperatorT body;
  body.name = std::move(name);
  body.role = role;
  body.standing = std::make_unique<schema::OperatorStandingT>();
  body.standing->uid = uid;
  body.standing->all_tenants = true;
  body.standing->vouches = uid == 4;
  return body;
}

}  // namespace

schema::Uuid Workload::fresh_id() {
  // A client has a clock that is right, or the daemon's.
  const std::int64_t now_ns = random_.one_in(2) ? clock_.now_ns() : clock_.true_ns();
  return domain::uuid_v7(now_ns / 1'000'000, {random_.next(), random_.next()});
}

Command Workload::packed(schema::CommandMessageT message, const std::string& identity) {
  Command made;
  made.id = fresh_id();
  message.id = std::make_unique<schema::Uuid>(made.id);
  made.identity = identity;
  made.dry_run = message.dry_run;
  made.bytes = bytes_of<schema::CommandMessage>(message, schema::command_message_identifier);
  schema::empty_cleared_texts(*flatbuffers::GetRoot<schema::CommandMessage>(made.bytes.data()));
  return made;
}

template <class Body>
Command Workload::made(const std::string& identity, const std::string& user, Body body) {
  schema::CommandMessageT message;
  auto [tenant, name] = parts_of(user);
  message.tenant = std::move(tenant);
  auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
  command->user = std::move(name);
  command->body.Set(std::move(body));
  return packed(std::move(message), identity);
}

std::vector<Command> Workload::beginning() {
  std::vector<Command> all;
  all.push_back(made(owner, "", an_operator("administrator", schema::Role::administrator, 2)));
  all.push_back(made(owner, "", an_operator("shop", schema::Role::service, 3)));
  all.push_back(made(owner, "", an_operator("door", schema::Role::service, 4)));
  for (const std::string& alias : noisy_tenants) {
    schema::CreateTenantT body;
    body.alias = alias;
    all.push_back(made(owner, "", std::move(body)));
  }
  for (const std::string& alias : tenants) {
    schema::CreateTenantT body;
    body.alias = alias;
    body.policies = std::make_unique<schema::PolicyChangesT>();
    body.policies->tell_reasons = alias == "alpha";
    body.policies->lockout_failures = static_cast<std::uint16_t>(2 + random_.below(4));
    all.push_back(made(owner, "", std::move(body)));
    for (const std::string& name : names) {
      const std::string user = alias + "/" + name;
      users_.push_back(user);
      schema::CreateUserT create;
      create.username = name;
      create.password = "f1rst-secret-" + std::to_string(++count_);
      passwords[user].push_back(create.password);
      const std::string password = create.password;
      all.push_back(made(owner, alias, std::move(create)));
      all.back().user = user;
      all.back().password = password;
      schema::AddGrantT grant;
      grant.effect = schema::Effect::allow;
      grant.action = "read";
      grant.resource = "table/a";
      all.push_back(made(owner, user, std::move(grant)));
    }
  }
  return all;
}

// ---- commands

Command Workload::with_password(const std::string& user) {
  schema::ResetPasswordT body;
  body.password = "an0ther-s3cret-" + std::to_string(++count_);
  passwords[user].push_back(body.password);
  const std::string password = body.password;
  Command command = made(administrator, user, std::move(body));
  command.user = user;
  command.password = password;
  command.effects = {{Kind::frees, Cause::tenant_lock, user},
                     {Kind::ends_sessions, Cause::lock, user}};
  return command;
}

Command Workload::on_user(const std::string& user) {
  const char* sender = random_.one_in(2) ? owner : administrator;
  const auto stops = [&](Cause cause) {
    return Effects{{Kind::denies, cause, user}, {Kind::ends_sessions, cause, user}};
  };
  const auto with = [](Command command, Effects effects) {
    command.effects = std::move(effects);
    return command;
  };
  switch (random_.below(14)) {
    case 0:
      return with(made(sender, user, schema::LockUserT()), stops(Cause::lock));
    case 1:
    case 2:
      return with(made(sender, user, schema::UnlockUserT()),
                  {{Kind::frees, Cause::lock, user}, {Kind::frees, Cause::tenant_lock, user}});
    case 3:
      return with(made(sender, user, schema::DisableUserT()), stops(Cause::status));
    case 4:
      return with(made(sender, user, schema::TrashUserT()), stops(Cause::status));
    case 5:
      return made(sender, user, schema::RestoreUserT());
    case 6:
    case 7:
      return with(made(sender, user, schema::EnableUserT()), {{Kind::frees, Cause::status, user}});
    case 8: {
      schema::SetApiAccessT body;
      body.allowed = false;
      return with(made(sender, user, body), stops(Cause::access));
    }
    case 9: {
      schema::SetApiAccessT body;
      body.allowed = true;
      return with(made(sender, user, body), {{Kind::frees, Cause::access, user}});
    }
    case 10:
      return with_password(user);
    case 11:
      return with(made(sender, user, schema::EndSessionsT()),
                  {{Kind::ends_sessions, Cause::lock, user}});
    case 12: {
      schema::RemoveGrantT body;
      body.effect = random_.one_in(2) ? schema::Effect::allow : schema::Effect::deny;
      body.action = "read";
      body.resource = random_.any(resources);
      return made(sender, user, std::move(body));
    }
    default: {
      schema::AddGrantT body;
      body.effect = random_.one_in(4) ? schema::Effect::deny : schema::Effect::allow;
      body.action = "read";
      body.resource = random_.any(resources);
      return made(sender, user, std::move(body));
    }
  }
}

Command Workload::on_tenant(const std::string& tenant) {
  if (random_.one_in(3)) {
    Command command = made(owner, tenant, schema::DisableTenantT());
    command.effects = {{Kind::denies, Cause::tenant, tenant},
                       {Kind::denies, Cause::tenant_lock, tenant},
                       {Kind::ends_sessions, Cause::tenant, tenant}};
    return command;
  }
  Command command = made(owner, tenant, schema::EnableTenantT());
  command.effects = {{Kind::frees, Cause::tenant, tenant}};
  return command;
}

Command Workload::noise(const domain::State& state) {
  while (true) {
    schema::CommandMessageT message = noise_.message(state);
    if (std::ranges::find(noisy_tenants, message.tenant) == noisy_tenants.end()) continue;
    return packed(std::move(message), random_.one_in(2) ? owner : administrator);
  }
}

Command Workload::command(const domain::State& state) {
  if (random_.one_in(3)) return noise(state);
  if (random_.one_in(14)) return on_tenant(random_.any(tenants));
  return on_user(random_.any(users_));
}

Command Workload::harmless() {
  schema::AddGrantT body;
  body.effect = schema::Effect::allow;
  body.action = "read";
  body.resource = "table/x" + std::to_string(++count_);
  return made(owner, random_.any(users_), std::move(body));
}

// ---- questions

Question Workload::packed(schema::QueryT query, Question question) {
  query.id = ++count_;
  query.at_least_seq = question.at_least_seq;
  query.wait_ms = question.at_least_seq == 0 ? 0 : 5'000;
  query.tenant = parts_of(question.user).first;
  query.call = std::make_unique<schema::CallT>();
  query.call->address = address;
  query.call->tls = true;
  question.bytes = bytes_of<schema::Query>(query, schema::query_identifier);
  return question;
}

Question Workload::check_of(const std::string& user) {
  Question made;
  made.kind = Question::Kind::by_name;
  made.identity = owner;
  made.user = user;
  made.asked = {"read", random_.any(resources), random_.one_in(4)};
  schema::CheckT body;
  schema::NamedUserT credential;
  credential.username = parts_of(user).second;
  body.credential.Set(std::move(credential));
  auto& question = body.questions.emplace_back(std::make_unique<schema::QuestionT>());
  question->action = made.asked.action;
  question->resource = made.asked.resource;
  question->this_level_only = made.asked.this_level_only;
  schema::QueryT query;
  query.body.Set(std::move(body));
  return packed(std::move(query), std::move(made));
}

Question Workload::password_question(const std::string& user, const std::string& password) {
  Question made;
  made.kind = Question::Kind::by_password;
  made.identity = services[random_.below(2)];
  made.user = user;
  made.password = password;
  schema::AuthenticateT body;
  schema::PasswordCredentialT credential;
  credential.username = parts_of(user).second;
  credential.password = password;
  body.credential.Set(std::move(credential));
  body.decline_token = random_.one_in(3);
  schema::QueryT query;
  query.body.Set(std::move(body));
  return packed(std::move(query), std::move(made));
}

Question Workload::question(const std::vector<Token>& tokens, std::uint64_t newest_receipt) {
  const std::string& user = random_.any(users_);
  const std::uint64_t at_least =
      random_.one_in(4) ? newest_receipt + random_.below(random_.one_in(3) ? 4 : 1) : 0;
  Question made;
  made.at_least_seq = at_least;
  switch (random_.below(8)) {
    case 0: {
      made.identity = services[0];
      schema::QueryT query;
      query.body.Set(schema::GetStatusT());
      return packed(std::move(query), std::move(made));
    }
    case 1:
    case 2:
    case 3:
      if (random_.one_in(4)) return password_question(user, random_.any(passwords[user]));
      if (random_.one_in(3))
        return password_question(user, "wr0ng-" + std::to_string(random_.below(3)));
      return password_question(user, passwords[user].back());
    case 4:
    case 5: {
      if (tokens.empty()) return check_of(user);
      made.kind = Question::Kind::by_token;
      made.identity = services[random_.below(2)];
      made.token = random_.below(tokens.size());
      made.user = tokens[made.token].user;
      made.asked = {"read", random_.any(resources), false};
      schema::CheckT body;
      schema::TokenCredentialT credential;
      credential.token = tokens[made.token].text;
      body.credential.Set(std::move(credential));
      auto& question = body.questions.emplace_back(std::make_unique<schema::QuestionT>());
      question->action = made.asked.action;
      question->resource = made.asked.resource;
      schema::QueryT query;
      query.body.Set(std::move(body));
      return packed(std::move(query), std::move(made));
    }
    default:
      return check_of(user);
  }
}

}  // namespace postern::simulation
