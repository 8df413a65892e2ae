#include "daemon/view/directory.h"

#include <algorithm>

namespace postern::view {

namespace {

/// As usernames are compared (U1).
char folded(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                              : character;
}

bool holds_role(const domain::User& user, const domain::Uuid& role) {
  const auto& held = domain::extras_of(user).roles;
  return std::ranges::find(held, role, &domain::RoleHeld::role) != held.end();
}

bool is_before(const UserPlace& left, const UserPlace& right) {
  if (left.number != right.number) return left.number < right.number;
  const auto [of_left, of_right] = std::ranges::mismatch(left.name, right.name, {}, folded, folded);
  if (of_right != right.name.end())
    return of_left == left.name.end() || folded(*of_left) < folded(*of_right);
  return of_left == left.name.end() && domain::less(left.id, right.id);
}

bool matches(const domain::Tenant& tenant, const domain::User& user, const UserFilter& filter) {
  if (filter.status == schema::UserStatus::unset ? user.status == schema::UserStatus::deleted
                                                 : user.status != filter.status)
    return false;
  if (filter.locked_only && !domain::is_locked(tenant, user, filter.now_ns)) return false;
  return !filter.role || holds_role(user, *filter.role);
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

bool contains_text(std::string_view text, std::string_view part) {
  return !std::ranges::search(text, part, {}, folded, folded).empty() || part.empty();
}

UserPlace behind(std::string_view name) {
  constexpr std::uint64_t most = ~std::uint64_t{0};
  return {0, name, domain::Uuid(most, most)};
}

UserPlace place_of(const domain::User& user, schema::UserSort sort) {
  switch (sort) {
    case schema::UserSort::created:
      return {user.created_seq, {}, user.id};
    case schema::UserSort::changed:
      return {user.changed_seq, {}, user.id};
    case schema::UserSort::last_used: {
      const auto& use = domain::extras_of(user).use;
      return {use == nullptr ? 0 : static_cast<std::uint64_t>(use->last_ns), {}, user.id};
    }
    case schema::UserSort::username:
      break;
  }
  return {0, user.username, user.id};
}

Page<domain::User> list_users(const View& view, const domain::Tenant& tenant,
                              const UserFilter& filter, const UserOrder& order,
                              const std::optional<UserPlace>& after, std::size_t count_max) {
  const auto comes_before = [&](const UserPlace& left, const UserPlace& right) {
    return order.descending ? is_before(right, left) : is_before(left, right);
  };
  const auto earlier = [&](const domain::User* left, const domain::User* right) {
    return comes_before(place_of(*left, order.sort), place_of(*right, order.sort));
  };
  Page<domain::User> page;
  auto& first = page.entries;
  // A heap with the last of the first ones on top, which makes room for an earlier one.
  view.tables().for_each_user([&](const domain::User& user) {
    if (user.tenant != tenant.id || !matches(tenant, user, filter)) return;
    if (after && !comes_before(*after, place_of(user, order.sort))) return;
    if (first.size() == count_max) {
      page.more = true;
      if (!earlier(&user, first.front())) return;
      std::ranges::pop_heap(first, earlier);
      first.pop_back();
    }
    first.push_back(&user);
    std::ranges::push_heap(first, earlier);
  });
  std::ranges::sort_heap(first, earlier);
  return page;
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

Page<domain::Operator> list_operators(const View& view) {
  std::vector<const domain::Operator*> operators;
  view.tables().for_each_operator(
      [&](const domain::Operator& entry) { operators.push_back(&entry); });
  const std::size_t count = operators.size();
  return first_page(std::move(operators), count,
                    [](const domain::Operator* entry) { return std::string_view(entry->name); });
}

}  // namespace postern::view
