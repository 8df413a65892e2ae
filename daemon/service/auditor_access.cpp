// The auditor on access: catalogues, roles, what a user may do, who may do this, and why not.
#include <algorithm>
#include <map>
#include <tuple>

#include "codes.h"
#include "daemon/domain/path.h"
#include "daemon/domain/roles.h"
#include "daemon/service/auditor.h"
#include "daemon/service/auditor_parts.h"
#include "daemon/service/bearer.h"
#include "daemon/service/call.h"

namespace postern::service {

namespace {

using schema::Code;

std::unexpected<schema::ProblemT> refused(Code code, std::string_view field,
                                          std::string_view detail = {}) {
  return std::unexpected(make_problem(code, field, detail));
}

std::expected<domain::CallFacts, schema::ProblemT> checked_call(
    const schema::Call* call, std::int64_t now_ns, const domain::Providers& providers) {
  std::vector<schema::ProblemT> problems;
  check_call(call, problems);
  if (!problems.empty()) return std::unexpected(std::move(problems.front()));
  return facts_of(call, now_ns, providers);
}

}  // namespace

// ---- catalogue

Auditor::Body Auditor::answer(const schema::ListCatalogue& wanted, const domain::Operator& asker) {
  const domain::Tenant* tenant = view_.find_tenant(asker, view_of(wanted.tenant()));
  if (tenant == nullptr) return refused(Code::tenant_unknown, "tenant");
  const std::string_view kind_name = view_of(wanted.kind());
  if (!kind_name.empty() && domain::find_kind(*tenant->catalogue, kind_name) == nullptr)
    return refused(Code::unknown_resource, "kind",
                   domain::nearest_known(*tenant->catalogue, kind_name, "*"));
  std::vector<const domain::CatalogueResource*> found;
  for (const domain::CatalogueKind& kind : *tenant->catalogue)
    for (const domain::CatalogueResource& resource : kind.resources)
      if ((kind_name.empty() || kind.name == kind_name) && resource.path > view_of(wanted.after()))
        found.push_back(&resource);
  std::ranges::sort(found, {}, &domain::CatalogueResource::path);
  schema::CataloguePageT page;
  const std::size_t count_max = page_size(wanted.count_max(), 1'000, 10'000);
  std::size_t bytes = 0;
  for (const domain::CatalogueResource* resource : found) {
    page.more = page.resources.size() == count_max || bytes > page_bytes_soft_max;
    if (page.more) break;
    auto& made = page.resources.emplace_back(std::make_unique<schema::CatalogueResourceT>());
    made->path = resource->path;
    made->description = resource->description;
    made->open = domain::is_open_at(
        *domain::find_kind(*tenant->catalogue, domain::kind_of(resource->path)), resource->path);
    made->closed = !made->open;
    made->warning = resource->warning;
    bytes += 60 + made->path.size() + made->description.size() + made->warning.size();
  }
  return body_of(std::move(page));
}

// ---- roles

schema::RoleViewT Auditor::describe(const domain::Tenant& tenant, const domain::NamedRole& role) {
  schema::RoleViewT made;
  made.id = std::make_unique<Uuid>(role.id);
  made.name = role.name;
  made.description = role.description;
  made.grant_count = static_cast<std::uint32_t>(role.grants->size());
  for (const Uuid& id : role.inner)
    if (const domain::NamedRole* inner = domain::find_role(tenant, id))
      made.inner.push_back(inner->name);
  made.created = cause_of(role.created_seq);
  return made;
}

Auditor::RoleCounts Auditor::count_holders(const domain::Tenant& tenant) const {
  RoleCounts counts;
  view_.tables().for_each_user([&](const domain::User& user) {
    if (user.tenant != tenant.id || user.status == schema::UserStatus::deleted) return;
    for (const domain::RoleHeld& held : domain::extras_of(user).roles) ++counts[held.role];
  });
  return counts;
}

Auditor::Body Auditor::answer(const schema::ListRoles& wanted, const domain::Operator& asker) {
  const domain::Tenant* tenant = view_.find_tenant(asker, view_of(wanted.tenant()));
  if (tenant == nullptr) return refused(Code::tenant_unknown, "tenant");
  schema::RolePageT page;
  if (tenant->roles == nullptr) return body_of(std::move(page));
  RoleCounts counts = count_holders(*tenant);
  const std::size_t count_max = page_size(wanted.count_max());
  std::size_t bytes = 0;
  for (const auto& role : tenant->roles->by_name) {
    if (role->name <= view_of(wanted.after())) continue;
    page.more = page.roles.size() == count_max || bytes > page_bytes_soft_max;
    if (page.more) break;
    page.roles.push_back(std::make_unique<schema::RoleViewT>(describe(*tenant, *role)));
    page.roles.back()->holder_count = counts[role->id];
    bytes += packed_bytes(*page.roles.back());
  }
  return body_of(std::move(page));
}

Auditor::Body Auditor::answer(const schema::GetRole& wanted, const domain::Operator& asker) {
  const domain::Tenant* tenant = view_.find_tenant(asker, view_of(wanted.tenant()));
  if (tenant == nullptr) return refused(Code::tenant_unknown, "tenant");
  const domain::NamedRole* role = domain::find_role(*tenant, view_of(wanted.name()));
  if (role == nullptr) return refused(Code::role_unknown, "name");
  schema::RoleViewT made = describe(*tenant, *role);
  made.holder_count = count_holders(*tenant)[role->id];
  auto grants = page_grants(*role->grants,
                            {view_of(wanted.after()), wanted.count_max(), page_bytes_soft_max},
                            made.more, made.next);
  if (!grants) return std::unexpected(std::move(grants.error()));
  made.grants = std::move(*grants);
  return body_of(std::move(made));
}

// ---- Q3

namespace {

/// One line of what a user may do.
struct Line {
  const domain::Grant* grant;
  const std::string* role;
  const domain::Conditions* conditions;
  /// The grant's, or one that it implies (A6), or the part of it that a key is for (C8).
  std::string_view action;
  std::string resource;

  auto order() const {
    return std::tuple(std::string_view(resource), action, static_cast<bool>(grant->deny),
                      domain::Seq{grant->seq}, std::uint64_t{grant->index},
                      role == nullptr ? std::string_view() : std::string_view(*role));
  }
  /// Says the order as text; a blank is less than any character of a name.
  std::string place() const {
    const auto padded = [](std::uint64_t number) {
      const std::string digits = std::to_string(number);
      return std::string(20 - digits.size(), '0') + digits;
    };
    std::string text = resource;
    text.append(" ").append(action).append(grant->deny ? " 1 " : " 0 ");
    text.append(padded(grant->seq)).append(" ").append(padded(grant->index)).append(" ");
    return role == nullptr ? text : text + *role;
  }
};

void add_lines(const domain::Catalogue& catalogue, const domain::Held& holder,
               std::vector<Line>& lines) {
  for (const domain::Grant& grant : holder.grants.sorted) {
    const auto add = [&](std::string_view action) {
      lines.push_back({&grant, holder.role_name(), domain::conditions_of(holder.grants, grant),
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

/// The place that lies in both; nothing: they are apart. A `*` gives way to a name.
std::optional<std::string> common_place(std::string_view left, std::string_view right) {
  const auto take_segment = [](std::string_view& path) {
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), segment.size() + 1));
    return segment;
  };
  std::string common;
  while (!left.empty() || !right.empty()) {
    const std::string_view one = take_segment(left);
    const std::string_view other = take_segment(right);
    const bool is_any = one.empty() || one == "*";
    const bool other_is_any = other.empty() || other == "*";
    if (!is_any && !other_is_any && one != other) return std::nullopt;
    if (!common.empty()) common += '/';
    common += is_any && !other.empty() ? other : one;
  }
  return common;
}

/// C8: of each allow what lies in the key's parts, as its checks are answered.
std::vector<Line> narrowed(std::vector<Line> lines, const domain::ApiKey* key) {
  if (key == nullptr || key->narrowed_to.empty()) return lines;
  std::vector<Line> kept;
  for (const Line& line : lines)
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
bool is_denied(const Line& line, const std::vector<const domain::Grants*>& held,
               const domain::CallFacts& call) {
  const domain::Asked asked{line.action, {}, line.resource, true};
  return std::ranges::any_of(held, [&](const domain::Grants* grants) {
    return domain::match(*grants, asked, call).deny != nullptr;
  });
}

/// What mends a code in a certain state of the user; elsewhere the code's own remedy does.
template <class State>
struct Remedy {
  State state;
  std::string_view text;
};

constexpr Remedy<schema::UserStatus> remedies_by_status[] = {
    {schema::UserStatus::new_user, "An administrator enables the user with 'user enable'."},
    {schema::UserStatus::inactive, "Enable the user with 'user enable'."},
    {schema::UserStatus::trashed, "Restore the user with 'user restore', then enable it."},
    {schema::UserStatus::deleted,
     "None: a deleted user never acts again. Create another, and give that one's credential."},
};

constexpr Remedy<schema::LockCause> remedies_by_lock[] = {
    {schema::LockCause::passwords, "Reset its password with 'password reset'."},
    {schema::LockCause::tenant,
     "Reset its password with 'password reset'; unlock it if it has none."},
    {schema::LockCause::operator_command, "Unlock it with 'user unlock'."},
};

template <class State, std::size_t count>
std::string_view look_up(const Remedy<State> (&table)[count], State state) {
  for (const Remedy<State>& row : table)
    if (row.state == state) return row.text;
  return {};
}

std::string_view remedy_of(const domain::Stop& stop, const AskedAbout& asked,
                           const domain::CallFacts& call) {
  std::string_view found;
  if (stop.code == Code::user_not_active) found = look_up(remedies_by_status, asked.user->status);
  if (stop.code == Code::user_locked)
    for (const domain::Lock& lock : domain::locks_of(*asked.tenant, *asked.user, call.now_ns))
      if (lock.seq == stop.seq) found = look_up(remedies_by_lock, lock.cause);
  return found.empty() ? schema::code_text(stop.code).remedy : found;
}

/// Whether no question that the catalogue knows is about the line. A deny has its say on the path
/// above it too (A3), so its own may be retired.
bool is_unknown(const domain::Catalogue& catalogue, const Line& line) {
  return !domain::knows(catalogue,
                        line.grant->deny ? domain::kind_of(line.resource) : line.resource,
                        line.action);
}

/// What holds of a line for the call.
Code state_of(const domain::Catalogue& catalogue, const Line& line,
              const std::vector<const domain::Grants*>& held, const domain::CallFacts& call) {
  const bool deny = line.grant->deny;
  if (is_unknown(catalogue, line)) return Code::unknown_resource;
  if (!deny && is_denied(line, held, call)) return Code::denied_by_grant;
  return domain::are_in_force(line.conditions, deny, call) ? Code::ok : Code::condition_not_met;
}

}  // namespace

std::unique_ptr<schema::StopT> Auditor::told(const domain::Stop& stop, const AskedAbout& asked,
                                             const domain::CallFacts& call) {
  auto told = std::make_unique<schema::StopT>();
  // Asked by name: there is no credential that could be wrong.
  const bool is_nobody = asked.tenant != nullptr && asked.user == nullptr;
  told->code = is_nobody ? Code::user_unknown : stop.code;
  const schema::CodeText& text = schema::code_text(told->code);
  told->sentence = text.sentence;
  told->remedy = asked.user == nullptr ? text.remedy : remedy_of(stop, asked, call);
  told->caused_by = cause_of(stop.seq);
  if (stop.grant != nullptr) told->grant = grant_view(*stop.grant, stop.role, stop.conditions);
  std::vector<std::string> parts;
  if (stop.conditions != nullptr)
    parts = domain::parts_told(*stop.conditions, stop.grant->deny, call);
  else if (stop.networks != nullptr)
    parts = domain::missing_facts(*stop.networks, call);
  for (const std::string& part : parts) told->sentence += " " + part;
  return told;
}

Auditor::Body Auditor::answer(const schema::ListPermissions& wanted,
                              const domain::Operator& asker) {
  const bool by_token = !view_of(wanted.token()).empty();
  if (!by_token && asker.role == schema::Role::service && !asker.vouches)
    return refused(Code::not_permitted, "username",
                   "Give the user's token: to name a user a service needs the operator's flag "
                   "'vouches'.");
  const auto told_call =
      checked_call(wanted.call(), parts_.clock.now_ns(), view_.tables().providers());
  if (!told_call) return std::unexpected(told_call.error());
  const domain::CallFacts& call = *told_call;
  Bearer bearer;
  if (by_token) {
    bearer = bearer_of_token(parts_.keys, view_.tables(), asker,
                             {view_of(wanted.tenant()), view_of(wanted.username())},
                             view_of(wanted.token()), call);
    if (bearer.stop != Code::ok) return refused(bearer.stop, "token");
  } else {
    bearer.tenant = view_.find_tenant(asker, view_of(wanted.tenant()));
    if (bearer.tenant == nullptr) return refused(Code::tenant_unknown, "tenant");
    bearer.user = view_.tables().find_user(bearer.tenant->id, view_of(wanted.username()));
    if (bearer.user == nullptr) return refused(Code::user_unknown, "username");
  }
  const domain::Tenant* tenant = bearer.tenant;
  const domain::User* user = bearer.user;
  schema::PermissionPageT page;
  for (const domain::Stop& stop : domain::all_stops(tenant, user, call, nullptr))
    page.stops.push_back(told(stop, {tenant, user}, call));
  std::vector<Line> lines;
  std::vector<const domain::Grants*> all_held;
  domain::visit_holders(*tenant, *user, [&](const domain::Held& holder) {
    all_held.push_back(&holder.grants);
    add_lines(*tenant->catalogue, holder, lines);
  });
  lines = narrowed(std::move(lines), bearer.key);
  std::ranges::sort(lines, {}, &Line::order);
  // Parts of a key may overlap.
  const auto twice = std::ranges::unique(lines, {}, &Line::order);
  lines.erase(twice.begin(), twice.end());
  const std::string after(view_of(wanted.after()));
  const std::size_t count_max = page_size(wanted.count_max(), 1'000);
  std::size_t bytes = 0;
  const auto first =
      std::ranges::partition_point(lines, [&](const Line& line) { return line.place() <= after; });
  for (auto line = after.empty() ? lines.begin() : first; line != lines.end(); ++line) {
    page.more = page.permissions.size() == count_max || bytes > page_bytes_soft_max;
    if (page.more) break;
    auto& made = page.permissions.emplace_back(std::make_unique<schema::PermissionT>());
    made->grant = grant_view(*line->grant, line->role, line->conditions);
    made->grant->action = line->action;
    made->grant->resource = line->resource;
    made->state = state_of(*tenant->catalogue, *line, all_held, call);
    bytes += bytes_of(*made->grant);
    page.next = line->place();
  }
  return body_of(std::move(page));
}

// ---- Q4

Auditor::Body Auditor::answer(const schema::WhoCan& wanted, const domain::Operator& asker) {
  /// Users looked at for one page.
  constexpr std::size_t looked_at_max = 10'000;
  const domain::Tenant* tenant = view_.find_tenant(asker, view_of(wanted.tenant()));
  if (tenant == nullptr) return refused(Code::tenant_unknown, "tenant");
  if (wanted.question() == nullptr) return refused(Code::field_missing, "question");
  const domain::Question question{view_of(wanted.question()->action()),
                                  view_of(wanted.question()->resource()),
                                  wanted.question()->this_level_only()};
  if (!domain::is_path(question.resource)) return refused(Code::resource_malformed, "resource");
  if (question.action == "*" ||
      !domain::knows(*tenant->catalogue, question.resource, question.action))
    return refused(Code::unknown_resource, "resource",
                   domain::nearest_known(*tenant->catalogue, question.resource, question.action));
  const auto told_call =
      checked_call(wanted.call(), parts_.clock.now_ns(), view_.tables().providers());
  if (!told_call) return std::unexpected(told_call.error());
  const domain::CallFacts& call = *told_call;
  std::optional<view::UserPlace> after;
  if (const std::string_view name = view_of(wanted.after()); !name.empty())
    after = view::behind(name);
  const auto users = view::list_users(view_, *tenant, {}, {}, after, looked_at_max);
  schema::HolderPageT page;
  page.more = users.more;
  const std::size_t count_max = page_size(wanted.count_max());
  std::size_t bytes = 0;
  for (const domain::User* user : users.entries) {
    if (page.holders.size() == count_max || bytes > page_bytes_soft_max) {
      page.more = true;
      break;
    }
    page.next = user->username;
    const domain::Verdict verdict = domain::authorize(*tenant, *user, question, call);
    const bool may = verdict.allowed() || verdict.reason == Code::condition_not_met;
    if (!may) continue;
    const Code stop = domain::first_stop_before_credential(tenant, user, call).code;
    const Code state = stop == Code::ok ? verdict.reason : stop;
    if (wanted.usable_only() && state != Code::ok) continue;
    auto& holder = page.holders.emplace_back(std::make_unique<schema::HolderT>());
    holder->user = std::make_unique<Uuid>(user->id);
    holder->username = user->username;
    holder->grant = grant_view(*verdict.grant, verdict.role, verdict.conditions);
    holder->state = state;
    bytes += 100 + user->username.size() + bytes_of(*holder->grant);
  }
  return body_of(std::move(page));
}

// ---- Q5

namespace {

/// Of one code no more than people read.
std::vector<const domain::Stop*> first_of_each(const std::vector<domain::Stop>& stops) {
  constexpr std::size_t told_max = 100;
  std::map<Code, std::size_t> counts;
  std::vector<const domain::Stop*> first;
  for (const domain::Stop& stop : stops)
    if (++counts[stop.code] <= told_max) first.push_back(&stop);
  return first;
}

}  // namespace

Auditor::Body Auditor::answer(const schema::Explain& wanted, const domain::Operator& asker) {
  const domain::Tenant* tenant = view_.find_tenant(asker, view_of(wanted.tenant()));
  const domain::User* user = tenant == nullptr
                                 ? nullptr
                                 : view_.tables().find_user(tenant->id, view_of(wanted.username()));
  const auto told_call =
      checked_call(wanted.call(), parts_.clock.now_ns(), view_.tables().providers());
  if (!told_call) return std::unexpected(told_call.error());
  domain::CallFacts call = *told_call;
  call.with_password = wanted.with_password();
  domain::Question question;
  if (wanted.question() != nullptr)
    question = {view_of(wanted.question()->action()), view_of(wanted.question()->resource()),
                wanted.question()->this_level_only()};
  const auto stops =
      domain::all_stops(tenant, user, call, wanted.question() == nullptr ? nullptr : &question);
  const auto first = first_of_each(stops);
  schema::ExplanationT made;
  made.allowed = stops.empty();
  made.stops_left_out = static_cast<std::uint32_t>(stops.size() - first.size());
  made.stops_left_out += fill(first, made.stops, page_bytes_soft_max,
                              [&](const domain::Stop* stop) {
                                return told(*stop, {tenant, user}, call);
                              });
  if (tenant != nullptr && user != nullptr && wanted.question() != nullptr) {
    const domain::Verdict verdict = domain::authorize(*tenant, *user, question, call);
    if (verdict.allowed() && verdict.grant != nullptr)
      made.grant = held(*verdict.grant, verdict.role, verdict.conditions);
  }
  if (call.address) made.address = domain::text_of(*call.address);
  return body_of(std::move(made));
}

}  // namespace postern::service
