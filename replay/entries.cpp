// Users, roles, tenants and grants as they were at a moment (H1, Q9).
#include <algorithm>
#include <iterator>

#include "replay/asking.h"
#include "replay/list.h"
#include "replay/verb.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/user_page.h"

namespace postern::replay {
namespace entries {
namespace {

constexpr std::uint32_t page_count = 1'000;

struct Wanted {
  AskedOf of;
  /// Of a user or a role.
  std::string name;
  std::string user_id;
  schema::ListUsersT users;
  std::string status;
  std::string sort;
};
using Asked = std::shared_ptr<Wanted>;

Asked add_wanted(arguments::Options& options) {
  auto asked = std::make_shared<Wanted>();
  add_asked_of(options, asked->of);
  return asked;
}

Run run_with(const Asked& asked, Expected<int> (*run)(const Audit&, const Wanted&)) {
  return [asked, run](const Audit& audit) { return run(audit, *asked); };
}

/// A whole list: one page after the other, each in the list's form. `ask` sets where a page begins.
template <class Page, class Body, class Part>
Expected<int> list(const Asking& asking, text::Columns columns, Body body, Part part,
                   void (*go_on)(Body&, const Page&)) {
  ShownList listing(asking.audit(), columns);
  bool first = true;
  for (bool more = true; more; first = false) {
    const auto page = asking.page<Page>(Body(body));
    if (!page) return std::unexpected(page.error());
    if (first) asking.write_moment();
    for (const auto& entry : part(*page)) asking.add(listing, *entry);
    listing.flush();
    const std::string before = body.after;
    go_on(body, *page);
    more = page->more && body.after != before;
  }
  listing.finish();
  return 0;
}

// ---- users

/// With all of its grants.
Expected<schema::UserViewT> read_user(const Asking& asking, const Wanted& wanted) {
  schema::GetUserT get;
  get.tenant = wanted.of.tenant;
  get.username = wanted.name;
  if (!wanted.user_id.empty()) {
    const auto id = text::parse_uuid(wanted.user_id);
    if (!id)
      return std::unexpected(Failure{FailureKind::usage, "--user-id takes a UUID",
                                     "Take it from 'user list' or 'show'."});
    get.user_id = std::make_unique<schema::Uuid>(*id);
  }
  auto user = asking.page<schema::UserViewT>(schema::GetUserT(get));
  while (user && user->more && user->next != get.after) {
    get.after = user->next;
    auto further = asking.page<schema::UserViewT>(schema::GetUserT(get));
    if (!further) return std::unexpected(further.error());
    std::ranges::move(further->data_access, std::back_inserter(user->data_access));
    user->more = further->more;
    user->next = further->next;
  }
  return user;
}

Expected<Asking> ask_about_user(const Audit& audit, const Wanted& wanted) {
  if (wanted.name.empty() && wanted.user_id.empty())
    return std::unexpected(Failure{FailureKind::usage, "no user is named",
                                   "Give its name then, or its id with --user-id."});
  return Asking::begin(audit, wanted.of, wanted.name);
}

Expected<int> show_user(const Audit& audit, const Wanted& wanted) {
  const auto asking = ask_about_user(audit, wanted);
  if (!asking) return std::unexpected(asking.error());
  const auto user = read_user(*asking, wanted);
  if (!user) return std::unexpected(user.error());
  asking->write_moment();
  if (asking->is_table())
    text::write_user(audit.streams.out, *user);
  else
    asking->print(text::to_json(*user));
  return 0;
}

Expected<int> list_grants(const Audit& audit, const Wanted& wanted) {
  const auto asking = ask_about_user(audit, wanted);
  if (!asking) return std::unexpected(asking.error());
  const auto user = read_user(*asking, wanted);
  if (!user) return std::unexpected(user.error());
  asking->write_moment();
  if (asking->is_table()) {
    text::write_grants_of(audit.streams.out, *user);
    return 0;
  }
  ShownList listing(audit, {});
  for (const auto& held : user->data_access) {
    boost::json::object object = text::to_json(*held);
    text::add_moment(object, asking->moment());
    listing.add_object(object);
  }
  listing.finish();
  return 0;
}

Expected<int> list_users(const Audit& audit, const Wanted& wanted) {
  const auto asking = Asking::begin(audit, wanted.of);
  if (!asking) return std::unexpected(asking.error());
  schema::ListUsersT body = wanted.users;
  body.tenant = wanted.of.tenant;
  body.count_max = page_count;
  body.status = text::status_named(wanted.status);
  body.sort = text::sort_named(wanted.sort);
  return list<schema::UserPageT>(
      *asking, text::user_columns(), std::move(body),
      [](const schema::UserPageT& page) -> const auto& { return page.users; },
      +[](schema::ListUsersT& next, const schema::UserPageT& page) { next.after = page.next; });
}

// ---- roles and tenants

Expected<int> show_role(const Audit& audit, const Wanted& wanted) {
  const auto asking = Asking::begin(audit, wanted.of);
  if (!asking) return std::unexpected(asking.error());
  schema::GetRoleT get;
  get.tenant = wanted.of.tenant;
  get.name = wanted.name;
  auto role = asking->page<schema::RoleViewT>(schema::GetRoleT(get));
  while (role && role->more && role->next != get.after) {
    get.after = role->next;
    auto further = asking->page<schema::RoleViewT>(schema::GetRoleT(get));
    if (!further) return std::unexpected(further.error());
    std::ranges::move(further->grants, std::back_inserter(role->grants));
    role->more = further->more;
    role->next = further->next;
  }
  if (!role) return std::unexpected(role.error());
  asking->write_moment();
  if (asking->is_table())
    text::write_role(audit.streams.out, *role);
  else
    asking->print(text::to_json(*role));
  return 0;
}

Expected<int> list_roles(const Audit& audit, const Wanted& wanted) {
  const auto asking = Asking::begin(audit, wanted.of);
  if (!asking) return std::unexpected(asking.error());
  schema::ListRolesT body;
  body.tenant = wanted.of.tenant;
  body.count_max = page_count;
  return list<schema::RolePageT>(
      *asking, text::role_columns(), std::move(body),
      [](const schema::RolePageT& page) -> const auto& { return page.roles; },
      +[](schema::ListRolesT& next, const schema::RolePageT& page) {
        if (!page.roles.empty()) next.after = page.roles.back()->name;
      });
}

Expected<int> show_tenant(const Audit& audit, const Wanted& wanted) {
  const auto asking = Asking::begin(audit, wanted.of);
  if (!asking) return std::unexpected(asking.error());
  schema::GetTenantT get;
  get.alias = wanted.of.tenant;
  const auto page = asking->page<schema::TenantPageT>(std::move(get));
  if (!page) return std::unexpected(page.error());
  const schema::TenantViewT& tenant = *page->tenants.at(0);
  asking->write_moment();
  if (asking->is_table())
    text::write_tenant(audit.streams.out, tenant);
  else
    asking->print(text::to_json(tenant));
  return 0;
}

Expected<int> list_tenants(const Audit& audit, const Wanted& wanted) {
  const auto asking = Asking::begin(audit, wanted.of);
  if (!asking) return std::unexpected(asking.error());
  schema::ListTenantsT body;
  body.count_max = page_count;
  return list<schema::TenantPageT>(
      *asking, text::tenant_columns(), std::move(body),
      [](const schema::TenantPageT& page) -> const auto& { return page.tenants; },
      +[](schema::ListTenantsT& next, const schema::TenantPageT& page) {
        if (!page.tenants.empty()) next.after = page.tenants.back()->alias;
      });
}

// ---- the verbs

Asked add_user(arguments::Options& options) {
  const Asked asked = add_wanted(options);
  options.add("USER", &asked->name, "Its name then");
  options.add("--user-id", &asked->user_id, "Its id, instead of the name; finds deleted users too")
      .excludes("USER");
  return asked;
}

Run user_show(arguments::Options& options) { return run_with(add_user(options), show_user); }

Run grant_list(arguments::Options& options) { return run_with(add_user(options), list_grants); }

Run user_list(arguments::Options& options) {
  const Asked asked = add_wanted(options);
  options.add("--status", &asked->status, "Only with this status")
      .one_of({"new", "active", "inactive", "trashed", "deleted"});
  options.add("--locked", &asked->users.locked, "Only those that were locked");
  options.add("--text", &asked->users.text,
              "Only with this in the username, a name or the description");
  options.add("--role", &asked->users.role, "Only those that held this role themselves");
  options.add("--sort", &asked->sort, "username (if left out), created, changed or last-used")
      .one_of({"username", "created", "changed", "last-used"});
  options.add("--descending", &asked->users.descending, "The last first");
  return run_with(asked, list_users);
}

Run role_show(arguments::Options& options) {
  const Asked asked = add_wanted(options);
  options.add("ROLE", &asked->name, "Its name").required();
  return run_with(asked, show_role);
}

Run role_list(arguments::Options& options) { return run_with(add_wanted(options), list_roles); }

Run tenant_show(arguments::Options& options) { return run_with(add_wanted(options), show_tenant); }

Run tenant_list(arguments::Options& options) {
  auto asked = std::make_shared<Wanted>();
  add_moment_option(options, asked->of.at);
  return run_with(asked, list_tenants);
}

constexpr Verb verbs[] = {
    {"user", "show", "A user in its sections, as it was.",
     "--data /mnt/copy user show api.bob --tenant acme --at 1000", user_show},
    {"user", "list", "The users of a tenant, as they were.",
     "--data /mnt/copy user list --tenant acme --at 2026-07-01T12:00:00Z", user_list},
    {"role", "show", "A role with its own grants, as it was.",
     "--data /mnt/copy role show clerk --tenant acme --at 1000", role_show},
    {"role", "list", "The roles of a tenant, as they were.",
     "--data /mnt/copy role list --tenant acme --at 1000", role_list},
    {"tenant", "show", "A tenant with its policies and catalogue, as it was.",
     "--data /mnt/copy tenant show --tenant acme --at 1000", tenant_show},
    {"tenant", "list", "The tenants that there were.", "--data /mnt/copy tenant list --at 1000",
     tenant_list},
    {"grant", "list", "A user's grants, as they were.",
     "--data /mnt/copy grant list api.bob --tenant acme --at 1000", grant_list},
};

}  // namespace
}  // namespace entries

std::span<const Verb> entry_verbs() { return entries::verbs; }

}  // namespace postern::replay
