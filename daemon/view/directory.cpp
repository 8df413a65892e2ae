#include "daemon/view/directory.h"

#include <algorithm>
#include <string>
#include <tuple>

namespace postern::view {

namespace {

bool contains_name(std::string_view name, std::string_view part) {
  return domain::fold_name(name).find(domain::fold_name(part)) != std::string::npos;
}

bool matches(const domain::Tenant& tenant, const domain::User& user, const UserFilter& filter) {
  if (filter.status == schema::UserStatus::unset ? user.status == schema::UserStatus::deleted
                                                 : user.status != filter.status)
    return false;
  if (filter.locked_only && !domain::is_locked(tenant, user, filter.now_ns)) return false;
  return filter.text.empty() || contains_name(user.username, filter.text);
}

/// The first `count_max` by `key`, in order, and whether some were left.
template <class Entry, class Key>
Page<Entry> first_page(std::vector<const Entry*> entries, std::size_t count_max, Key key) {
  Page<Entry> page;
  page.more = entries.size() > count_max;
  const auto middle =
      entries.begin() + static_cast<std::ptrdiff_t>(std::min(entries.size(), count_max));
  std::ranges::partial_sort(entries, middle, {}, key);
  page.entries.assign(entries.begin(), middle);
  return page;
}

}  // namespace

Page<domain::User> list_users(const View& view, const domain::Tenant& tenant,
                              const UserFilter& filter, std::string_view after,
                              std::size_t count_max) {
  const std::string after_name = domain::fold_name(after);
  std::vector<const domain::User*> users;
  view.tables().for_each_user([&](const domain::User& user) {
    if (user.tenant != tenant.id || !matches(tenant, user, filter)) return;
    if (domain::fold_name(user.username) > after_name) users.push_back(&user);
  });
  return first_page(std::move(users), count_max, [](const domain::User* user) {
    return std::tuple(domain::fold_name(user->username), user->id.high(), user->id.low());
  });
}

Page<domain::Tenant> list_tenants(const View& view, const domain::Operator& asker,
                                  std::string_view after, std::size_t count_max) {
  std::vector<const domain::Tenant*> tenants;
  view.tables().for_each_tenant([&](const domain::Tenant& tenant) {
    if (domain::in_scope(asker, tenant.id) && tenant.alias > after) tenants.push_back(&tenant);
  });
  return first_page(std::move(tenants), count_max,
                    [](const domain::Tenant* tenant) { return std::string_view(tenant->alias); });
}

boost::unordered_flat_map<domain::Uuid, std::uint64_t, domain::KeyHash> count_users(
    const View& view) {
  boost::unordered_flat_map<domain::Uuid, std::uint64_t, domain::KeyHash> counts;
  view.tables().for_each_user([&](const domain::User& user) {
    if (user.status != schema::UserStatus::deleted) ++counts[user.tenant];
  });
  return counts;
}

Page<domain::Operator> list_operators(const View& view) {
  std::vector<const domain::Operator*> operators;
  view.tables().for_each_operator(
      [&](const domain::Operator& entry) { operators.push_back(&entry); });
  const std::size_t count = operators.size();
  return first_page(std::move(operators), count,
                    [](const domain::Operator* entry) { return std::string_view(entry->name); });
}

}  // namespace postern::view
