#include "daemon/view/permissions.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "daemon/domain/conditions.h"
#include "daemon/domain/path.h"
#include "daemon/view/answers.h"
#include "daemon/view/call.h"
#include "daemon/view/grants.h"
#include "daemon/view/moment.h"
#include "daemon/view/page.h"
#include "daemon/view/places.h"
#include "daemon/view/stops.h"

namespace postern::view {

namespace {

using schema::Code;

auto order_of(const Permission& line) {
  return std::tuple(std::string_view(line.resource), line.action,
                    static_cast<bool>(line.grant->deny), domain::Seq{line.grant->seq},
                    std::uint64_t{line.grant->index},
                    line.role == nullptr ? std::string_view() : std::string_view(*line.role));
}

/// Says the order as text; a blank is less than any character of a name.
std::string position_of(const Permission& line) {
  const auto padded = [](std::uint64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(20 - digits.size(), '0') + digits;
  };
  std::string text = line.resource;
  text.append(" ").append(line.action).append(line.grant->deny ? " 1 " : " 0 ");
  text.append(padded(line.grant->seq)).append(" ").append(padded(line.grant->index)).append(" ");
  return line.role == nullptr ? text : text + *line.role;
}

void add_lines(const domain::Catalogue& catalogue, const domain::GrantHolder& holder,
               std::vector<Permission>& lines) {
  for (const domain::GrantPointer place : holder.grants.pointers()) {
    const domain::Grant grant = *place;
    const auto add = [&](std::string_view action) {
      lines.push_back({place, holder.role_name(), domain::conditions_of(holder.grants, grant),
                       action, *grant.resource});
    };
    add(*grant.action);
    const domain::CatalogueKind* kind =
        domain::find_kind(catalogue, domain::kind_of(*grant.resource));
    if (kind == nullptr || grant.deny) continue;
    for (const domain::CatalogueAction& action : kind->actions)
      if (std::ranges::find(action.implied_by, *grant.action) != action.implied_by.end())
        add(action.name);
  }
}

/// C8: of each allow what lies in the key's parts, as its checks are answered.
std::vector<Permission> narrowed(std::vector<Permission> lines, const domain::ApiKey* key) {
  if (key == nullptr || key->narrowed_to.empty()) return lines;
  std::vector<Permission> kept;
  for (const Permission& line : lines)
    for (const domain::Narrowing& part : key->narrowed_to) {
      const bool any_action = line.action == "*";
      if (!any_action && part.action != "*" && part.action != line.action) continue;
      auto place = common_place(line.resource, part.resource);
      if (!place) continue;
      kept.push_back(line);
      if (line.grant->deny) break;
      if (any_action) kept.back().action = part.action;
      kept.back().resource = std::move(*place);
    }
  return kept;
}

/// Whether a deny of these takes from the line all it says. A `*` of the line stands for any name,
/// so it is covered by the same or by a `*` alone.
bool is_denied(const Permission& line, const std::vector<const domain::Grants*>& held,
               const domain::CallFacts& call) {
  const domain::AccessRequest asked{line.action, {}, line.resource, true};
  return std::ranges::any_of(held, [&](const domain::Grants* grants) {
    return domain::match(*grants, asked, call).deny != nullptr;
  });
}

/// Whether no question that the catalogue knows is about the line. A deny has its say on the path
/// above it too (A3), so its own may be retired.
bool is_unknown(const domain::Catalogue& catalogue, const Permission& line) {
  return !domain::knows(
      catalogue, line.grant->deny ? domain::kind_of(line.resource) : line.resource, line.action);
}

/// Whose permissions a question is about: by a token, or by a name.
Answer<Bearer> bearer_of(const Inquiry& inquiry, const schema::ListPermissions& wanted,
                         const domain::CallFacts& call) {
  const View::Tables& tables = inquiry.view.tables();
  if (const std::string_view token = view_of(wanted.token()); !token.empty()) {
    Bearer bearer;
    if (const auto session = inquiry.sources.session(token))
      bearer =
          bearer_of_session(tables, inquiry.asker,
                            {view_of(wanted.tenant()), view_of(wanted.username())}, *session, call);
    if (bearer.stop != Code::ok) return refused(bearer.stop, "token");
    return bearer;
  }
  const auto tenant = tenant_of(inquiry, wanted.tenant());
  if (!tenant) return std::unexpected(tenant.error());
  const domain::User* user = tables.find_user((*tenant)->id, view_of(wanted.username()));
  if (user == nullptr) return refused(Code::user_unknown, "username");
  return Bearer{*tenant, user, Code::ok};
}

}  // namespace

PermissionList permissions_of(const domain::Tenant& tenant, const domain::User& user,
                              const domain::ApiKey* key) {
  PermissionList list{tenant, {}, {}};
  domain::visit_holders(tenant, user, [&](const domain::GrantHolder& holder) {
    list.held.push_back(&holder.grants);
    add_lines(*tenant.catalogue, holder, list.lines);
  });
  list.lines = narrowed(std::move(list.lines), key);
  std::ranges::sort(list.lines, {}, order_of);
  // Parts of a key may overlap.
  const auto twice = std::ranges::unique(list.lines, {}, order_of);
  list.lines.erase(twice.begin(), twice.end());
  return list;
}

Code state_of(const PermissionList& list, const Permission& line, const domain::CallFacts& call) {
  const bool deny = line.grant->deny;
  if (is_unknown(*list.tenant.catalogue, line)) return Code::unknown_resource;
  if (!deny && is_denied(line, list.held, call)) return Code::denied_by_grant;
  return domain::are_in_force(line.conditions, deny, call) ? Code::ok : Code::condition_not_met;
}

Answer<schema::PermissionPageT> answer(const Inquiry& inquiry,
                                       const schema::ListPermissions& wanted) {
  const bool by_name = view_of(wanted.token()).empty();
  if (by_name && inquiry.asker.role == schema::Role::service && !inquiry.asker.vouches)
    return refused(Code::not_permitted, "username",
                   "Give the user's token: to name a user a service needs the operator's flag "
                   "'vouches'.");
  const auto call =
      checked_facts_of(wanted.call(), inquiry.now_ns, inquiry.view.tables().providers());
  if (!call) return std::unexpected(call.error());
  const auto bearer = bearer_of(inquiry, wanted, *call);
  if (!bearer) return std::unexpected(bearer.error());
  const Subject subject{bearer->tenant, bearer->user};
  schema::PermissionPageT page;
  for (const domain::Stop& stop : domain::all_stops(subject.tenant, subject.user, *call, nullptr))
    page.stops.push_back(as_schema(inquiry, stop, subject, *call));
  const PermissionList list = permissions_of(*bearer->tenant, *bearer->user, bearer->key);
  const std::string after(place_in(wanted.after()));
  const std::size_t count_max = page_size(wanted.count_max(), 1'000);
  std::size_t bytes = 0;
  const auto first = std::ranges::partition_point(
      list.lines, [&](const Permission& line) { return position_of(line) <= after; });
  for (auto line = after.empty() ? list.lines.begin() : first; line != list.lines.end(); ++line) {
    page.more = page.permissions.size() == count_max || bytes > page_bytes_soft_max;
    if (page.more) break;
    auto& made = page.permissions.emplace_back(std::make_unique<schema::PermissionT>());
    made->grant = as_schema({*line->grant, line->role, line->conditions});
    made->grant->action = line->action;
    made->grant->resource = line->resource;
    made->state = state_of(list, *line, *call);
    bytes += bytes_of(*made->grant);
    page.next = position_of(*line);
  }
  if (!page.more) page.next.clear();
  return page;
}

}  // namespace postern::view
