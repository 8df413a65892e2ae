// Lists of a tenant with 100,000 users (Q6), beside a plain sort of all of them.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <ctime>
#include <functional>

#include "daemon/domain/access.h"
#include "daemon/domain/catalogue.h"
#include "daemon/domain/state.h"
#include "daemon/view/directory.h"

namespace postern::view {

namespace {

using domain::User;
using domain::Uuid;
using schema::UserSort;
using schema::UserStatus;

constexpr std::uint64_t user_count = 100'000;
constexpr UserSort sorts[] = {UserSort::username, UserSort::created, UserSort::changed,
                              UserSort::last_used};
const Uuid acme{1, 1};
const Uuid clerk{5, 5};

/// Scatters 0 to 2^64 over itself, the same each time.
std::uint64_t scattered(std::uint64_t number) {
  number = (number ^ (number >> 31)) * 0x9e3779b97f4a7c15;
  return number ^ (number >> 29);
}

std::string name_of(std::uint64_t number) {
  // Some differ in case alone from what a plain comparison would put elsewhere.
  return (number % 3 == 0 ? "API." : "api.") + std::to_string(scattered(number) % 1'000'000) + "-" +
         std::to_string(number);
}

bool is_locked(const User& user) { return domain::extras_of(user).operator_lock_seq != 0; }

boost::intrusive_ptr<User> made_user(std::uint64_t number) {
  auto user = domain::make_counted<User>();
  user->id = {2, scattered(number)};
  user->tenant = number % 1'000 == 999 ? Uuid{1, 2} : acme;
  user->username = name_of(number);
  user->status = number % 10 == 0   ? UserStatus::trashed
                 : number % 17 == 0 ? UserStatus::deleted
                                    : UserStatus::active;
  // By the thousand in one record, so that places tie.
  user->created_seq = 10 + number / 1'000;
  user->changed_seq = 1'000 + scattered(number) % 500;
  user->grants = domain::no_grants();
  if (number % 7 == 0 || number % 2 == 0) {
    auto extras = domain::make_counted<domain::UserExtras>();
    if (number % 7 == 0) extras->operator_lock_seq = 5;
    user->extras = extras;
    if (number % 2 != 0) return user;
    if (number % 4 == 0) extras->roles = {{clerk, 3}};
    auto use = std::make_shared<domain::UseSum>();
    use->last_ns = static_cast<std::int64_t>(scattered(number) % 90);
    extras->use = std::move(use);
  }
  return user;
}

/// Made once, since every test only reads.
struct Crowd {
  Crowd() {
    domain::Changes changes;
    for (const Uuid& id : {acme, Uuid{1, 2}}) {
      auto tenant = domain::make_counted<domain::Tenant>();
      tenant->id = id;
      tenant->alias = id == acme ? "acme" : "globex";
      tenant->catalogue = domain::compiled({});
      state.replace(domain::Owned<domain::Tenant>(std::move(tenant)), changes);
    }
    for (std::uint64_t number = 0; number < user_count; ++number) {
      users.push_back(made_user(number));
      state.replace(domain::Owned<User>(users.back()), changes);
    }
    view.load(state.tables());
  }

  static const Crowd& instance() {
    static const Crowd crowd;
    return crowd;
  }

  /// Keeps the entries that the view borrows.
  domain::State state;
  View view;
  std::vector<boost::intrusive_ptr<const User>> users;
};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char letter) { return std::tolower(letter); });
  return text;
}

/// Sorted whole, as the rule says it: by name without regard to case or by number, then by id.
std::vector<Uuid> expected(const Crowd& crowd, const UserOrder& order,
                           const std::function<bool(const User&)>& wanted) {
  struct Row {
    std::uint64_t number = 0;
    std::string name;
    Uuid id;
  };
  std::vector<Row> rows;
  for (const auto& user : crowd.users) {
    if (user->tenant != acme || !wanted(*user)) continue;
    Row& row = rows.emplace_back();
    row.id = user->id;
    const auto& use = domain::extras_of(*user).use;
    if (order.sort == UserSort::username) row.name = lower(user->username);
    if (order.sort == UserSort::created) row.number = user->created_seq;
    if (order.sort == UserSort::changed) row.number = user->changed_seq;
    if (order.sort == UserSort::last_used && use != nullptr)
      row.number = static_cast<std::uint64_t>(use->last_ns);
  }
  std::ranges::sort(rows, [](const Row& left, const Row& right) {
    if (left.number != right.number) return left.number < right.number;
    if (left.name != right.name) return left.name < right.name;
    return domain::less(left.id, right.id);
  });
  if (order.descending) std::ranges::reverse(rows);
  std::vector<Uuid> ids;
  for (const Row& row : rows) ids.push_back(row.id);
  return ids;
}

bool is_there(const User& user) { return user.status != UserStatus::deleted; }

struct Listed {
  std::vector<Uuid> ids;
  std::size_t pages = 0;
  /// Of the processor, for one page.
  double page_ms = 0;
};

Listed list_all(const Crowd& crowd, const UserFilter& filter, const UserOrder& order,
                std::size_t count_max) {
  const domain::Tenant& tenant = *crowd.view.tables().find_tenant(acme);
  Listed listed;
  std::optional<UserPlace> after;
  const std::clock_t begin = std::clock();
  for (bool more = true; more; ++listed.pages) {
    const auto page = list_users(crowd.view, tenant, filter, order, after, count_max);
    BOOST_REQUIRE(page.entries.size() <= count_max);
    BOOST_REQUIRE((page.entries.size() == count_max || !page.more));
    for (const User* user : page.entries) listed.ids.push_back(user->id);
    more = page.more;
    if (more) after = place_of(*page.entries.back(), order.sort);
  }
  const auto ticks = static_cast<double>(std::clock() - begin);
  listed.page_ms = ticks * 1'000 / CLOCKS_PER_SEC / static_cast<double>(listed.pages);
  return listed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(directory_tests)

BOOST_AUTO_TEST_CASE(Q6_a_hundred_thousand_users_are_listed_whole_in_every_order) {
  const Crowd& crowd = Crowd::instance();
  for (const UserSort sort : sorts)
    for (const bool descending : {false, true}) {
      const UserOrder order{sort, descending};
      const auto all = expected(crowd, order, is_there);
      // The largest page a client gets; and fewer that end elsewhere, for time's sake.
      const bool by_name = sort == UserSort::username && !descending;
      const std::size_t count_max = by_name ? 1'000 : 7'919;
      const auto listed = list_all(crowd, {}, order, count_max);
      BOOST_TEST((listed.ids == all), schema::EnumNameUserSort(sort));
      BOOST_TEST(listed.pages == (all.size() + count_max - 1) / count_max);
      BOOST_TEST_MESSAGE(schema::EnumNameUserSort(sort)
                         << (descending ? " descending" : "") << ": " << listed.page_ms
                         << " ms of processor for a page of " << count_max << " of " << all.size());
    }
}

BOOST_AUTO_TEST_CASE(Q6_filters_hold_in_every_order) {
  const Crowd& crowd = Crowd::instance();
  struct Case {
    UserFilter filter;
    std::function<bool(const User&)> wanted;
  };
  const Case cases[] = {
      {{.status = UserStatus::trashed},
       [](const User& user) { return user.status == UserStatus::trashed; }},
      {{.status = UserStatus::deleted},
       [](const User& user) { return user.status == UserStatus::deleted; }},
      {{.locked_only = true}, [](const User& user) { return is_there(user) && is_locked(user); }},
      {{.role = clerk},
       [](const User& user) { return is_there(user) && !domain::extras_of(user).roles.empty(); }},
      {{.status = UserStatus::active, .locked_only = true, .role = clerk},
       [&](const User& user) {
         return user.status == UserStatus::active && is_locked(user) &&
                !domain::extras_of(user).roles.empty();
       }},
  };
  for (const Case& one : cases)
    for (const UserSort sort : sorts) {
      const UserOrder order{sort, sort == UserSort::changed};
      const auto all = expected(crowd, order, one.wanted);
      BOOST_TEST((list_all(crowd, one.filter, order, 1'000).ids == all),
                 schema::EnumNameUserSort(sort) << ", case " << &one - cases);
    }
}

BOOST_AUTO_TEST_CASE(Q6_a_page_ends_where_the_next_begins_whatever_its_size) {
  const Crowd& crowd = Crowd::instance();
  // Those created by one record tie, and pages end among them.
  const UserFilter filter{.status = UserStatus::trashed};
  const auto wanted = [](const User& user) { return user.status == UserStatus::trashed; };
  for (const UserSort sort : sorts) {
    const auto all = expected(crowd, {sort}, wanted);
    BOOST_REQUIRE(all.size() > 50U);
    for (const std::size_t size : {all.size() - 1, all.size(), all.size() + 1, all.size() / 2})
      BOOST_TEST((list_all(crowd, filter, {sort}, size).ids == all), "pages of " << size);
  }
}

BOOST_AUTO_TEST_CASE(Q6_a_list_goes_on_behind_a_user_who_left_it) {
  const Crowd& crowd = Crowd::instance();
  const domain::Tenant& tenant = *crowd.view.tables().find_tenant(acme);
  for (const UserSort sort : sorts) {
    const auto first = list_users(crowd.view, tenant, {}, {sort}, {}, 10);
    const auto second =
        list_users(crowd.view, tenant, {}, {sort}, place_of(*first.entries.back(), sort), 10);
    // The place of the last, though nobody stands there any more.
    UserPlace gone = place_of(*first.entries.back(), sort);
    gone.id = {gone.id.high(), gone.id.low() + 1};
    const auto behind_gone = list_users(crowd.view, tenant, {}, {sort}, gone, 10);
    BOOST_TEST((behind_gone.entries == second.entries));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::view
