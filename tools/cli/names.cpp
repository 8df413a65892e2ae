#include "tools/cli/names.h"

#include <algorithm>

#include "tools/cli/session.h"
#include "tools/text/event_text.h"
#include "tools/text/ids.h"

namespace postern::cli {

namespace {

void add_once(std::vector<std::string>& all, const std::string& one) {
  if (std::ranges::find(all, one) == all.end()) all.push_back(one);
}

}  // namespace

Typed typed_in(const schema::CommandMessageT& message) {
  Typed typed;
  typed.tenant = message.tenant;
  for (const auto& command : message.commands) {
    if (!command->user.empty()) add_once(typed.users, command->user);
    if (const auto* revoke = command->body.AsRevokeKey()) add_once(typed.keys, revoke->name);
    if (const auto* remove = command->body.AsDeleteRole()) add_once(typed.roles, remove->name);
  }
  return typed;
}

std::string Names::tenant(const std::unique_ptr<schema::Uuid>& id) {
  if (id && !names_.contains(text::uuid_text(id))) read_tenants();
  return named(id);
}

std::string Names::operator_name(const std::unique_ptr<schema::Uuid>& id, schema::Role role) {
  if (role == schema::Role::daemon) return "daemon";
  if (id && !names_.contains(text::uuid_text(id))) read_operators();
  if (id && !names_.contains(text::uuid_text(id))) read_made("OperatorAdded", "");
  return named(id);
}

std::string Names::user(const std::unique_ptr<schema::Uuid>& id, const std::string& tenant) {
  if (id && !names_.contains(text::uuid_text(id))) read_user(*id, tenant);
  return named(id);
}

std::string Names::inner(text::Named kind, const schema::Uuid& id, const std::string& tenant) {
  const auto told = std::make_unique<schema::Uuid>(id);
  switch (kind) {
    case text::Named::tenant:
      return this->tenant(told);
    case text::Named::role:
      if (!names_.contains(text::uuid_text(told))) read_roles(tenant);
      if (!names_.contains(text::uuid_text(told))) read_made("RoleCreated", tenant);
      break;
    case text::Named::operator_entry:
      return operator_name(told, schema::Role::none);
    case text::Named::key:
      if (!names_.contains(text::uuid_text(told))) read_made("KeyCreated", tenant);
      break;
  }
  return named(told);
}

void Names::learn(const schema::EventT& event) {
  if (const auto* role = event.body.AsRoleCreated())
    names_[text::uuid_text(role->role)] = role->name;
  if (const auto* key = event.body.AsKeyCreated()) names_[text::uuid_text(key->key)] = key->name;
  if (const auto* added = event.body.AsOperatorAdded())
    names_.try_emplace(text::uuid_text(added->operator_id), added->name);
}

void Names::pair(const std::vector<std::string>& ids, const std::vector<std::string>& names) {
  for (std::size_t place = 0; place < ids.size() && ids.size() == names.size(); ++place)
    names_.try_emplace(ids[place], names[place]);
}

void Names::learn(const std::vector<std::unique_ptr<schema::EventT>>& events, const Typed& typed) {
  std::vector<std::string> users;
  std::vector<std::string> keys;
  std::vector<std::string> roles;
  for (const auto& event : events) {
    learn(*event);
    if (event->user) add_once(users, text::uuid_text(event->user));
    if (const auto* created = event->body.AsUserCreated())
      names_[text::uuid_text(event->user)] = created->username;
    if (const auto* revoked = event->body.AsKeyRevoked())
      add_once(keys, text::uuid_text(revoked->key));
    if (const auto* deleted = event->body.AsRoleDeleted())
      add_once(roles, text::uuid_text(deleted->role));
  }
  pair(users, typed.users);
  pair(keys, typed.keys);
  pair(roles, typed.roles);
}

/// Asks no second time for what is not told.
std::string Names::named(const std::unique_ptr<schema::Uuid>& id) {
  const auto text = text::uuid_text(id);
  return names_.try_emplace(text, text).first->second;
}

/// Nothing where it is refused: not everybody may read names.
template <class Body>
std::optional<schema::HistoryPageT> Names::read(Body body) {
  if (silent_) return std::nullopt;
  auto page = session_.client().history(request(std::move(body)));
  silent_ = !page;
  if (!page || page->code != schema::Code::ok) return std::nullopt;
  return std::move(*page);
}

void Names::read_tenants() {
  schema::ListTenantsT list;
  list.count_max = page_count;
  for (;;) {
    const auto page = read(schema::ListTenantsT(list));
    const auto* tenants = page ? page->body.AsTenantPage() : nullptr;
    if (tenants == nullptr) return;
    for (const auto& tenant : tenants->tenants)
      names_[text::uuid_text(tenant->id)] = list.after = tenant->alias;
    if (!tenants->more || tenants->tenants.empty()) return;
  }
}

void Names::read_operators() {
  const auto page = read(schema::ListOperatorsT{});
  const auto* operators = page ? page->body.AsOperatorPage() : nullptr;
  if (operators == nullptr) return;
  for (const auto& one : operators->operators) names_[text::uuid_text(one->id)] = one->name;
}

void Names::read_roles(const std::string& tenant) {
  schema::ListRolesT list;
  list.tenant = tenant;
  list.count_max = page_count;
  for (;;) {
    const auto page = read(schema::ListRolesT(list));
    const auto* roles = page ? page->body.AsRolePage() : nullptr;
    if (roles == nullptr) return;
    for (const auto& role : roles->roles)
      names_[text::uuid_text(role->id)] = list.after = role->name;
    if (!roles->more || roles->roles.empty()) return;
  }
}

void Names::read_user(const schema::Uuid& id, const std::string& tenant) {
  schema::GetUserT get;
  get.tenant = tenant;
  get.user_id = std::make_unique<schema::Uuid>(id);
  get.count_max = 1;
  const auto page = read(std::move(get));
  const auto* user = page ? page->body.AsUserView() : nullptr;
  if (user != nullptr && user->details) names_[text::uuid_text(id)] = user->details->username;
}

void Names::read_made(const char* kind, const std::string& tenant) {
  if (silent_ || !made_read_.insert(kind + (" " + tenant)).second) return;
  schema::GetRecordsT wanted;
  wanted.from_seq = 1;
  wanted.tenant = tenant;
  wanted.kind = kind;
  wanted.count_max = page_count;
  const auto ended = session_.client().follow(wanted, [&](const auto& page, auto records) {
    for (const auto& record : records)
      for (const auto& event : record.events) learn(*event);
    return page.next_seq <= page.head_seq;
  });
  silent_ = !ended;
}

}  // namespace postern::cli
