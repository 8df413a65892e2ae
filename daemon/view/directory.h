// Lists for operators (Q6): in name order, page by page. Walks a whole tenant, so it is for the
// auditor's thread.
#pragma once

#include <string_view>
#include <vector>

#include "daemon/view/view.h"

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
  /// Part of the username, without regard to case; empty: any.
  std::string_view text;
  /// C6: what time it is for locks that open by themselves.
  std::int64_t now_ns = 0;
};

/// Names after `after`, at most `count_max` of them.
Page<domain::User> list_users(const View& view, const domain::Tenant& tenant,
                              const UserFilter& filter, std::string_view after,
                              std::size_t count_max);

/// Of those in the operator's scope.
Page<domain::Tenant> list_tenants(const View& view, const domain::Operator& asker,
                                  std::string_view after, std::size_t count_max);

/// Users of each tenant, without the deleted ones.
boost::unordered_flat_map<domain::Uuid, std::uint64_t, domain::KeyHash> count_users(
    const View& view);

/// All of them.
Page<domain::Operator> list_operators(const View& view);

}  // namespace postern::view
