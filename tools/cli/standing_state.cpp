#include "tools/cli/standing_state.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "tools/cli/session.h"
#include "tools/cli/user_reader.h"
#include "tools/intake/account.h"
#include "tools/text/json.h"

namespace postern::cli {
namespace {

namespace json = boost::json;

/// Null where nobody who asks may know of it.
std::unique_ptr<schema::TenantViewT> read_tenant(Session& session, const std::string& alias) {
  schema::GetTenantT get;
  get.alias = alias;
  auto page = session.client().history(request(std::move(get)));
  if (!page)
    throw Stop{client::exit_code(page.error()), page.error().sentence, page.error().remedy};
  if (page->code == schema::Code::tenant_unknown) return nullptr;
  if (page->code != schema::Code::ok)
    session.stop_refused(page->code, page->problems, exit_code_of(page->code, exit_codes::missing));
  auto& tenants = Session::part(page->body.AsTenantPage()).tenants;
  if (tenants.size() != 1) Session::stop_unexpected();
  return std::move(tenants[0]);
}

void read_resources(Session& session, schema::TenantViewT& tenant) {
  schema::ListCatalogueT list;
  list.tenant = tenant.alias;
  list.count_max = page_count;
  for (bool more = true; more;) {
    auto page = session.page(request(schema::ListCatalogueT(list)));
    auto& part = Session::part(page.body.AsCataloguePage());
    for (auto& resource : part.resources) {
      list.after = resource->path;
      const auto kind_name = resource->path.substr(0, resource->path.find('/'));
      const auto kind =
          std::ranges::find(tenant.catalogue, kind_name, [](const auto& one) { return one->name; });
      if (kind != tenant.catalogue.end()) (*kind)->resources.push_back(std::move(resource));
    }
    more = part.more && !part.resources.empty();
    if (!part.next.empty()) list.after = part.next;
  }
}

std::vector<std::string> role_names(Session& session, const std::string& tenant) {
  std::vector<std::string> names;
  schema::ListRolesT list;
  list.tenant = tenant;
  list.count_max = page_count;
  for (bool more = true; more;) {
    const auto page = session.page(request(schema::ListRolesT(list)));
    const auto& part = Session::part(page.body.AsRolePage());
    for (const auto& role : part.roles) names.push_back(list.after = role->name);
    more = part.more && !part.roles.empty();
    if (!part.next.empty()) list.after = part.next;
  }
  return names;
}

StandingRole read_role(Session& session, const std::string& tenant, const std::string& name) {
  StandingRole role;
  schema::GetRoleT get;
  get.tenant = tenant;
  get.name = name;
  for (bool more = true; more;) {
    const auto page = session.page(request(schema::GetRoleT(get)));
    const auto& part = Session::part(page.body.AsRoleView());
    role.description = part.description;
    role.roles = part.inner;
    role.grants.merge(grants_of(part.grants));
    more = part.more && part.next != get.after;
    get.after = part.next;
  }
  return role;
}

}  // namespace

std::string folded(std::string_view name) {
  std::string made(name);
  for (char& letter : made)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return made;
}

const schema::UserViewT* StandingState::user(const std::string& name) const {
  const auto found = users.find(folded(name));
  return found == users.end() ? nullptr : found->second.get();
}

StandingGrants grants_of(const std::vector<std::unique_ptr<schema::GrantHeldT>>& held) {
  StandingGrants grants;
  for (const auto& one : held) {
    StandingGrant standing{intake::grant_of(*one->grant), {}};
    if (one->grant->reference) standing.reference = *one->grant->reference;
    auto line = intake::grant_line(standing.grant);
    grants.emplace(std::move(line), std::move(standing));
  }
  return grants;
}

StandingState read_standing(Session& session, WhichUsers which, std::vector<std::string> names) {
  const std::string& tenant = session.tenant();
  StandingState standing;
  standing.tenant = read_tenant(session, tenant);
  if (!standing.tenant) return standing;
  read_resources(session, *standing.tenant);
  for (const std::string& name : role_names(session, tenant))
    standing.roles.emplace(name, read_role(session, tenant, name));
  if (which == WhichUsers::none) return standing;
  UserReader reader =
      which == WhichUsers::all ? UserReader(session) : UserReader(session, std::move(names));
  while (auto view = reader.next()) {
    const auto name = folded(view->details->username);
    standing.users.emplace(name, std::move(view));
  }
  return standing;
}

namespace {

json::object without_empty(const json::object& object) {
  json::object kept;
  for (const auto& [name, value] : object) {
    const bool is_empty = value.is_null() || (value.is_string() && value.get_string().empty()) ||
                          (value.is_array() && value.get_array().empty());
    if (!is_empty) kept[name] = value;
  }
  return kept;
}

json::array lines_of(const StandingGrants& grants) {
  json::array lines;
  for (const auto& [line, grant] : grants) lines.emplace_back(line);
  return lines;
}

json::object desired_role(const StandingRole& role) {
  json::object made;
  made["description"] = role.description;
  made["grants"] = lines_of(role.grants);
  made["roles"] = json::array(role.roles.begin(), role.roles.end());
  return without_empty(made);
}

json::array desired_catalogue(const schema::TenantViewT& tenant) {
  json::array kinds;
  for (const auto& kind : tenant.catalogue) {
    auto made = text::to_json(*kind);
    for (const char* list : {"actions", "resources"})
      for (auto& entry : made[list].as_array()) {
        auto& object = entry.as_object();
        for (const char* flag : {"open", "closed"})
          if (object.contains(flag) && !object[flag].as_bool()) object.erase(flag);
        object = without_empty(object);
      }
    kinds.push_back(without_empty(made));
  }
  return kinds;
}

}  // namespace

json::object desired_of(const StandingState& standing) {
  if (!standing.tenant)
    throw Stop{exit_codes::missing, "There is no such tenant.", "See 'tenant list'."};
  json::object made;
  made["tenant"] = standing.tenant->alias;
  made["display_name"] = standing.tenant->display_name;
  auto policies = text::to_json(*standing.tenant->policies);
  if (auto* networks = policies.if_contains("networks"))
    *networks = json::value(networks->at("entries"));
  made["policies"] = without_empty(policies);
  made["catalogue"] = desired_catalogue(*standing.tenant);
  auto& roles = made["roles"].emplace_object();
  for (const auto& [name, role] : standing.roles) roles[name] = desired_role(role);
  return made;
}

json::object desired_user(const schema::UserViewT& view) {
  auto told = intake::told_fields(view);
  told.stable_erase("username");
  return told;
}

}  // namespace postern::cli
