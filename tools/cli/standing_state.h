// What a tenant is now, as far as a desired state speaks of it.
// Thread: main. Failure: `Stop`.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "history_generated.h"
#include "tools/intake/grant_line.h"

namespace postern::cli {

class Session;

struct StandingGrant {
  intake::Grant grant;
  schema::GrantReferenceT reference;
};

/// By their lines, which say all of a grant.
using StandingGrants = std::map<std::string, StandingGrant>;

struct StandingRole {
  std::string description;
  StandingGrants grants;
  std::vector<std::string> roles;
};

struct StandingState {
  /// Null: there is no such tenant. Its catalogue is with all resources.
  std::unique_ptr<schema::TenantViewT> tenant;
  std::map<std::string, StandingRole> roles;
  /// By the name in small letters.
  std::map<std::string, std::unique_ptr<schema::UserViewT>> users;

  const schema::UserViewT* user(const std::string& name) const;
};

enum class WhichUsers { all, named, none };

/// Of --tenant.
StandingState read_standing(Session& session, WhichUsers which, std::vector<std::string> names);

StandingGrants grants_of(const std::vector<std::unique_ptr<schema::GrantHeldT>>& held);
std::string folded(std::string_view name);

/// The form that intake::read_desired reads, without users.
boost::json::object desired_of(const StandingState& standing);
/// A user in it, without its name.
boost::json::object desired_user(const schema::UserViewT& view);

}  // namespace postern::cli
