#include "daemon/view/view.h"

#include <ranges>

namespace postern::view {

void View::load(const domain::Tables<domain::Owned>& tables) {
  const auto put = [&](const auto& entry) { tables_.put(&entry); };
  tables.for_each_tenant(put);
  tables.for_each_user([&](const domain::User& user) {
    tables_.put(&user);
    count(user, 1);
  });
  tables.for_each_operator(put);
  for (const auto& ranges : tables.providers())
    if (ranges != nullptr) tables_.put_ranges(ranges->provider, ranges);
  tables_.put_copies(tables.copies());
}

void View::take(const domain::Changes& changes) {
  for (const auto& change : changes.tenants) tables_.put(change.after.get());
  for (const auto& change : changes.users) {
    if (change.before) count(*change.before, ~std::uint64_t{0});
    count(*change.after, 1);
    tables_.put(change.after.get());
  }
  for (const auto& change : changes.operators) {
    if (change.after)
      tables_.put(change.after.get());
    else
      tables_.take_operator(change.before->id);
  }
  // The change holds the replaced one too, so that nothing is freed here.
  for (const auto& change : changes.ranges)
    tables_.put_ranges(change.after->provider, change.after);
  for (const auto& change : changes.copies) tables_.put_copies(change.after);
}

void View::take_back(const domain::Changes& changes) {
  for (const auto& [before, after] : std::views::reverse(changes.tenants)) {
    tables_.take_tenant(after->id);
    if (before) tables_.put(before.get());
  }
  for (const auto& [before, after] : std::views::reverse(changes.users)) {
    count(*after, ~std::uint64_t{0});
    tables_.take_user(after->id);
    if (before) count(*before, 1);
    if (before) tables_.put(before.get());
  }
  for (const auto& [before, after] : std::views::reverse(changes.operators)) {
    if (after) tables_.take_operator(after->id);
    if (before) tables_.put(before.get());
  }
  for (const auto& [before, after] : std::views::reverse(changes.ranges))
    tables_.put_ranges(after->provider, before);
  for (const auto& [before, after] : std::views::reverse(changes.copies))
    tables_.put_copies(before);
}

/// Adds, around the end: the greatest number takes one away.
void View::count(const domain::User& user, std::uint64_t change) {
  if (user.status != schema::UserStatus::deleted) live_users_[user.tenant] += change;
}

std::uint64_t View::live_user_count(const domain::Uuid& tenant) const {
  const auto place = live_users_.find(tenant);
  return place == live_users_.end() ? 0 : place->second;
}

const domain::Tenant* View::find_tenant(const domain::Operator& asker,
                                        std::string_view alias) const {
  const domain::Tenant* tenant = tables_.find_tenant(alias);
  return tenant != nullptr && domain::in_scope(asker, tenant->id) ? tenant : nullptr;
}

}  // namespace postern::view
