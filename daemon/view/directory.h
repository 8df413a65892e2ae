// Lists for operators (Q6): in order, page by page. Walks all users, so it is for the auditor's
// thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "daemon/view/view.h"
#include "history_generated.h"

namespace postern::view {

template <class Entry>
struct Page {
  std::vector<const Entry*> entries;
  /// There are more after the last.
  bool more = false;
};

struct UserFilter {
  /// unset: any, the deleted ones left out.
  schema::UserStatus status = schema::UserStatus::unset;
  bool locked_only = false;
  /// C6: what time it is for locks that open by themselves.
  std::int64_t now_ns = 0;
  /// Held by the user itself; absent: any or none.
  std::optional<domain::Uuid> role = std::nullopt;

  bool operator==(const UserFilter&) const = default;
};

struct UserOrder {
  schema::UserSort sort = schema::UserSort::username;
  bool descending = false;

  bool operator==(const UserOrder&) const = default;
};

/// The letters A to Z without regard to case.
bool contains_text(std::string_view text, std::string_view part);

/// Where a user stands in an order: by name (without regard to case) or by number, then by id.
struct UserPlace {
  /// By username: empty here, `name` tells. Else when it was created or changed, as seq, or last
  /// used, as UTC nanoseconds.
  std::uint64_t number = 0;
  std::string_view name;
  domain::Uuid id;
};
UserPlace place_of(const domain::User& user, schema::UserSort sort);
/// Behind all who have the name, in the order by username; borrows it.
UserPlace behind(std::string_view name);

/// Those that come after `after` (absent: all), at most `count_max` of them. One pass over all
/// users, which copies no name and keeps two pages at most.
Page<domain::User> list_users(const View& view, const domain::Tenant& tenant,
                              const UserFilter& filter, const UserOrder& order,
                              const std::optional<UserPlace>& after, std::size_t count_max);

/// Of those in the operator's scope.
Page<domain::Tenant> list_tenants(const View& view, const domain::Operator& asker,
                                  std::string_view after, std::size_t count_max);

/// All of them.
Page<domain::Operator> list_operators(const View& view);

}  // namespace postern::view
