// What a user may do (Q3): its grants and those of its roles line by line, with what they imply
// and within what a key is for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/authorize.h"

namespace postern::view {

/// One line; borrows from the entries.
struct Permission {
  domain::GrantPointer grant;
  /// The name of the role that holds it; null: the user itself.
  const std::string* role;
  const domain::Conditions* conditions;
  /// The grant's, or one that it implies (A6), or the part of it that a key is for (C8).
  std::string_view action;
  std::string resource;
};

struct PermissionList {
  const domain::Tenant& tenant;
  /// Of the user and of each of its roles.
  std::vector<const domain::Grants*> held;
  /// By path; none twice.
  std::vector<Permission> lines;
};

/// `key`: whose parts the lines must lie in (C8); null: none.
PermissionList permissions_of(const domain::Tenant& tenant, const domain::User& user,
                              const domain::ApiKey* key = nullptr);

/// What holds of a line of the list for the call: `ok`, or why it has no effect.
schema::Code state_of(const PermissionList& list, const Permission& line,
                      const domain::CallFacts& call);

}  // namespace postern::view
