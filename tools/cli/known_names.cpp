#include "tools/cli/known_names.h"

#include <algorithm>
#include <iterator>

#include "schema/nearest_name.h"
#include "tools/cli/session.h"
#include "tools/cli/standing_state.h"

namespace postern::cli {
namespace {

/// The last place before all names that begin so; no name has a '~'.
std::string before_all(std::string_view prefix) {
  std::string place = folded(prefix);
  if (place.empty() || place.back() <= ' ') return {};
  --place.back();
  return place + '~';
}

class NamesReader {
 public:
  NamesReader(client::Client& client, const NamesWanted& wanted)
      : client_(client), wanted_(wanted) {}

  std::vector<std::string> read();

 private:
  template <class Body>
  std::optional<schema::HistoryPageT> page(Body body) {
    auto page = client_.history(request(std::move(body)));
    if (!page || page->code != schema::Code::ok) return std::nullopt;
    return std::move(*page);
  }
  void add(std::string name) { names_.push_back(std::move(name)); }

  void read_tenants();
  void read_users();
  void read_roles();
  void read_keys();
  void read_operators();
  void read_catalogue();
  void read_resources();
  void read_held();
  void add_held(const std::vector<std::unique_ptr<schema::GrantHeldT>>& grants);

  client::Client& client_;
  const NamesWanted& wanted_;
  std::vector<std::string> names_;
};

std::vector<std::string> NamesReader::read() {
  switch (wanted_.kind) {
    case NameKind::tenant:
      read_tenants();
      break;
    case NameKind::user:
      read_users();
      break;
    case NameKind::role:
      read_roles();
      break;
    case NameKind::key:
      read_keys();
      break;
    case NameKind::operator_entry:
      read_operators();
      break;
    case NameKind::kind:
    case NameKind::action:
      read_catalogue();
      break;
    case NameKind::resource:
      read_catalogue();
      read_resources();
      break;
    case NameKind::held_action:
    case NameKind::held_resource:
      read_held();
      break;
  }
  std::erase_if(names_, [&](const std::string& name) {
    return wanted_.kind == NameKind::user ? !folded(name).starts_with(folded(wanted_.prefix))
                                          : !name.starts_with(wanted_.prefix);
  });
  std::ranges::sort(names_);
  names_.erase(std::ranges::unique(names_).begin(), names_.end());
  if (names_.size() > wanted_.count_max) names_.resize(wanted_.count_max);
  return std::move(names_);
}

void NamesReader::read_tenants() {
  schema::ListTenantsT list;
  list.after = before_all(wanted_.prefix);
  list.count_max = wanted_.count_max;
  const auto got = page(std::move(list));
  if (const auto* part = got ? got->body.AsTenantPage() : nullptr)
    for (const auto& tenant : part->tenants) add(tenant->alias);
}

void NamesReader::read_users() {
  schema::ListUsersT list;
  list.tenant = wanted_.tenant;
  list.after = before_all(wanted_.prefix);
  list.count_max = wanted_.count_max;
  const auto got = page(std::move(list));
  if (const auto* part = got ? got->body.AsUserPage() : nullptr)
    for (const auto& user : part->users) add(user->username);
}

void NamesReader::read_roles() {
  schema::ListRolesT list;
  list.tenant = wanted_.tenant;
  list.after = before_all(wanted_.prefix);
  list.count_max = wanted_.count_max;
  const auto got = page(std::move(list));
  if (const auto* part = got ? got->body.AsRolePage() : nullptr)
    for (const auto& role : part->roles) add(role->name);
}

void NamesReader::read_keys() {
  schema::GetUserT get;
  get.tenant = wanted_.tenant;
  get.username = wanted_.user;
  get.count_max = 1;
  const auto got = page(std::move(get));
  const auto* user = got ? got->body.AsUserView() : nullptr;
  if (user == nullptr || !user->security) return;
  for (const auto& key : user->security->keys) add(key->name);
}

void NamesReader::read_operators() {
  const auto got = page(schema::ListOperatorsT{});
  if (const auto* part = got ? got->body.AsOperatorPage() : nullptr)
    for (const auto& one : part->operators) add(one->name);
}

void NamesReader::read_catalogue() {
  schema::GetTenantT get;
  get.alias = wanted_.tenant;
  const auto got = page(std::move(get));
  const auto* part = got ? got->body.AsTenantPage() : nullptr;
  if (part == nullptr || part->tenants.empty()) return;
  for (const auto& kind : part->tenants[0]->catalogue) {
    if (wanted_.kind != NameKind::action) add(kind->name);
    if (wanted_.kind == NameKind::action)
      for (const auto& action : kind->actions) add(action->name);
  }
}

void NamesReader::read_resources() {
  schema::ListCatalogueT list;
  list.tenant = wanted_.tenant;
  list.after = before_all(wanted_.prefix);
  list.count_max = wanted_.count_max;
  const auto got = page(std::move(list));
  if (const auto* part = got ? got->body.AsCataloguePage() : nullptr)
    for (const auto& resource : part->resources) add(resource->path);
}

void NamesReader::read_held() {
  if (!wanted_.role.empty()) {
    schema::GetRoleT get;
    get.tenant = wanted_.tenant;
    get.name = wanted_.role;
    get.count_max = page_count;
    const auto got = page(std::move(get));
    if (const auto* role = got ? got->body.AsRoleView() : nullptr) add_held(role->grants);
    return;
  }
  schema::GetUserT get;
  get.tenant = wanted_.tenant;
  get.username = wanted_.user;
  get.count_max = page_count;
  const auto got = page(std::move(get));
  if (const auto* user = got ? got->body.AsUserView() : nullptr) add_held(user->data_access);
}

void NamesReader::add_held(const std::vector<std::unique_ptr<schema::GrantHeldT>>& grants) {
  for (const auto& held : grants) {
    if (!held->grant) continue;
    add(wanted_.kind == NameKind::held_action ? held->grant->action : held->grant->resource);
  }
}

/// Their names hold this, whatever they begin with.
std::vector<std::string> users_with(client::Client& client, const NamesWanted& wanted,
                                    std::string part) {
  schema::ListUsersT list;
  list.tenant = wanted.tenant;
  list.text = std::move(part);
  list.count_max = wanted.count_max;
  std::vector<std::string> names;
  const auto page = client.history(request(std::move(list)));
  const auto* users = page && page->code == schema::Code::ok ? page->body.AsUserPage() : nullptr;
  if (users == nullptr) return names;
  for (const auto& user : users->users) names.push_back(user->username);
  return names;
}

}  // namespace

std::vector<std::string> known_names(client::Client& client, const NamesWanted& wanted) {
  return NamesReader(client, wanted).read();
}

std::optional<std::string> nearest_known_name(client::Client& client, NamesWanted wanted,
                                              const std::string& typed) {
  wanted.prefix.clear();
  auto names = known_names(client, wanted);
  if (names.size() >= wanted.count_max) {
    // One slip leaves one half as it was meant.
    wanted.prefix = typed.substr(0, typed.size() / 2);
    std::ranges::move(known_names(client, wanted), std::back_inserter(names));
    if (wanted.kind == NameKind::user && typed.size() > 1)
      std::ranges::move(users_with(client, wanted, typed.substr(typed.size() / 2)),
                        std::back_inserter(names));
  }
  return schema::nearest_name(names, typed);
}

}  // namespace postern::cli
