// How the effective access of one user differs between two moments (H2): place by place, merged
// upward.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/domain/authorize.h"
#include "daemon/view/grants.h"
#include "daemon/view/trail.h"

namespace postern::view {

/// One user at one moment; null: not there yet.
struct UserAt {
  const domain::Tenant* tenant = nullptr;
  const domain::User* user = nullptr;
  std::int64_t now_ns = 0;
};

/// What of a tenant differs for every user of it, worked out once. Both outlive it; null: not there
/// yet.
class TenantDifference {
 public:
  TenantDifference(const domain::Tenant* before, const domain::Tenant* after);

  /// Of this kind other questions are known than before, or other actions imply each other.
  bool is_other(std::string_view kind) const { return kinds_.contains(kind); }
  /// Where another answer is known to be asked for, of such a kind.
  const std::vector<std::string_view>& places_of(std::string_view kind) const;
  /// Whether the user holds a role that grants something else, or has such a one within.
  bool touches(const domain::User& user) const;
  bool has_other_kinds() const { return !kinds_.empty(); }

 private:
  struct ById {
    bool operator()(const domain::Uuid& left, const domain::Uuid& right) const {
      return domain::less(left, right);
    }
  };

  void compare_kinds(const domain::Catalogue& before, const domain::Catalogue& after);
  void compare_roles(const domain::NamedRoles* before, const domain::NamedRoles* after);

  std::map<std::string_view, std::vector<std::string_view>> kinds_;
  /// With those that have them within.
  std::set<domain::Uuid, ById> roles_;
};

/// One place whose answer differs; borrows from the entries.
struct AccessDifference {
  schema::AccessChange change = schema::AccessChange::gained;
  /// `*`: every action of the kind.
  std::string action;
  /// Empty: all that the user has.
  std::string resource;
  schema::Code before = schema::Code::ok;
  schema::Code after = schema::Code::ok;
  /// What decides after, or else what decided before; null: no grant.
  domain::GrantPointer grant = nullptr;
  const std::string* role = nullptr;
  const domain::Conditions* conditions = nullptr;
  /// The record that made the difference; 0: a time came.
  domain::Seq caused_by = 0;
  /// Places below that it does not hold for.
  std::vector<std::string> except = {};
};

struct Differences {
  std::vector<AccessDifference> lines;
  /// Answers that were compared.
  std::size_t work = 0;
};

/// Where the user is one and the same in both. `before_seq`: of the moment before.
Differences differences_of(const UserAt& before, const UserAt& after,
                           const TenantDifference& tenant, const Trail& trail,
                           domain::Seq before_seq);

}  // namespace postern::view
