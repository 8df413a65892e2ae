#include "daemon/view/directory.h"

#include <algorithm>
#include <array>
#include <cstdint>

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

/// The first of many in an order. What is compared mostly stands beside each, because a user lies
/// somewhere in memory: with a page's many candidates that takes a tenth of the time.
class FirstUsers {
 public:
  FirstUsers(const UserOrder& order, std::size_t count_max)
      : order_(order), count_max_(std::max<std::size_t>(count_max, 1)) {}

  void add(const domain::User& user, const UserPlace& place) {
    const Candidate candidate{beginning_of(place), &user};
    if (last_ && !comes_before(candidate, *last_)) {
      more_ = true;
      return;
    }
    found_.push_back(candidate);
    if (found_.size() == 2 * count_max_) drop_the_last();
  }

  Page<domain::User> take() {
    if (found_.size() > count_max_) drop_the_last();
    std::ranges::sort(found_, Earlier{*this});
    Page<domain::User> page;
    page.more = more_;
    for (const Candidate& candidate : found_) page.entries.push_back(candidate.user);
    return page;
  }

 private:
  /// The number, or the first letters as they are compared.
  using Beginning = std::array<std::uint64_t, 2>;
  struct Candidate {
    Beginning beginning;
    const domain::User* user;
  };

  struct Earlier {
    const FirstUsers& first;
    bool operator()(const Candidate& left, const Candidate& right) const {
      return first.comes_before(left, right);
    }
  };

  static Beginning beginning_of(const UserPlace& place) {
    Beginning beginning{place.number, 0};
    for (std::size_t at = 0; at < std::min<std::size_t>(place.name.size(), 16); ++at)
      beginning[at / 8] |= std::uint64_t{static_cast<unsigned char>(folded(place.name[at]))}
                           << (56 - at % 8 * 8);
    return beginning;
  }

  bool comes_before(const Candidate& left, const Candidate& right) const {
    if (left.beginning != right.beginning)
      return (left.beginning < right.beginning) != order_.descending;
    const UserPlace of_left = place_of(*left.user, order_.sort);
    const UserPlace of_right = place_of(*right.user, order_.sort);
    return order_.descending ? is_before(of_right, of_left) : is_before(of_left, of_right);
  }
  void drop_the_last() {
    const auto last = found_.begin() + static_cast<std::ptrdiff_t>(count_max_ - 1);
    std::ranges::nth_element(found_, last, Earlier{*this});
    last_ = *last;
    found_.resize(count_max_);
    more_ = true;
  }

  UserOrder order_;
  std::size_t count_max_;
  std::vector<Candidate> found_;
  /// Behind it nobody is looked for.
  std::optional<Candidate> last_;
  bool more_ = false;
};

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
  FirstUsers first(order, count_max);
  view.tables().for_each_user([&](const domain::User& user) {
    if (user.tenant != tenant.id || !matches(tenant, user, filter)) return;
    const UserPlace place = place_of(user, order.sort);
    if (after && (order.descending ? !is_before(place, *after) : !is_before(*after, place))) return;
    first.add(user, place);
  });
  return first.take();
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
