// A tenant's roles (A8): all of them page by page, one with its grants.
#include "daemon/domain/roles.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include "daemon/view/answers.h"
#include "daemon/view/grants.h"
#include "daemon/view/moment.h"
#include "daemon/view/page.h"

namespace postern::view {

namespace {

/// Users that hold each role themselves.
using RoleCounts = boost::unordered_flat_map<Uuid, std::uint64_t, domain::KeyHash>;

RoleCounts count_holders(const View::Tables& tables, const domain::Tenant& tenant) {
  RoleCounts counts;
  tables.for_each_user([&](const domain::User& user) {
    if (user.tenant != tenant.id || user.status == schema::UserStatus::deleted) return;
    for (const domain::RoleHeld& role : domain::extras_of(user).roles) ++counts[role.role];
  });
  return counts;
}

/// Without its grants.
schema::RoleViewT role_view(const Inquiry& inquiry, const domain::Tenant& tenant,
                            const domain::NamedRole& role, std::uint64_t holder_count) {
  schema::RoleViewT made;
  made.id = std::make_unique<Uuid>(role.id);
  made.name = role.name;
  made.description = role.description;
  made.grant_count = static_cast<std::uint32_t>(role.grants->size());
  for (const Uuid& id : role.inner)
    if (const domain::NamedRole* inner = domain::find_role(tenant, id))
      made.inner.push_back(inner->name);
  made.holder_count = holder_count;
  made.created = cause_of(inquiry, role.created_seq);
  return made;
}

}  // namespace

Answer<schema::RolePageT> answer(const Inquiry& inquiry, const schema::ListRoles& wanted) {
  const auto found = tenant_of(inquiry, wanted.tenant());
  if (!found) return std::unexpected(found.error());
  const domain::Tenant& tenant = **found;
  schema::RolePageT page;
  if (tenant.roles == nullptr) return page;
  RoleCounts counts = count_holders(inquiry.view.tables(), tenant);
  const std::size_t count_max = page_size(wanted.count_max());
  const std::string_view after = place_in(wanted.after());
  std::size_t bytes = 0;
  for (const auto& role : tenant.roles->by_name) {
    if (role->name <= after) continue;
    page.more = page.roles.size() == count_max || bytes > page_bytes_soft_max;
    if (page.more) break;
    page.roles.push_back(
        std::make_unique<schema::RoleViewT>(role_view(inquiry, tenant, *role, counts[role->id])));
    bytes += packed_bytes(*page.roles.back());
  }
  if (page.more) page.next = page.roles.back()->name;
  return page;
}

Answer<schema::RoleViewT> answer(const Inquiry& inquiry, const schema::GetRole& wanted) {
  const auto tenant = tenant_of(inquiry, wanted.tenant());
  if (!tenant) return std::unexpected(tenant.error());
  const domain::NamedRole* role = domain::find_role(**tenant, view_of(wanted.name()));
  if (role == nullptr) return refused(schema::Code::role_unknown, "name");
  auto grants = page_of(inquiry, *role->grants,
                        {place_in(wanted.after()), wanted.count_max(), page_bytes_soft_max});
  if (!grants) return std::unexpected(std::move(grants.error()));
  schema::RoleViewT made =
      role_view(inquiry, **tenant, *role, count_holders(inquiry.view.tables(), **tenant)[role->id]);
  made.grants = std::move(grants->grants);
  made.more = grants->more;
  made.next = std::move(grants->next);
  return made;
}

}  // namespace postern::view
