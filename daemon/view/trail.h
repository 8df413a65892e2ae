// What no later state tells: which record took away what had been (H2).
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <vector>

#include "daemon/domain/entries.h"

namespace postern::view {

/// Of the records between two moments, each added once, in order. A value; grows with what they
/// took away.
class Trail {
 public:
  void add(const schema::Record& record);

  // ---- the newest record of the kind; 0: there is none
  /// A user's or a role's.
  domain::Seq grant_removed(const domain::Grant& grant) const;
  domain::Seq role_unassigned(const domain::Uuid& user, const domain::Uuid& role) const;
  /// A role of the tenant was put into another, or taken out of it.
  domain::Seq roles_nested(const domain::Uuid& tenant) const;
  domain::Seq catalogue_changed(const domain::Uuid& tenant) const;
  /// A lock of the user was opened.
  domain::Seq unlocked(const domain::Uuid& user) const;

 private:
  using ById = boost::unordered_flat_map<domain::Uuid, domain::Seq, domain::UuidHash>;
  struct Unassigned {
    domain::Uuid role;
    domain::Seq seq;
  };

  void add(const schema::Event& event, const schema::Record& record);

  boost::unordered_flat_map<std::uint64_t, domain::Seq> removed_;
  boost::unordered_flat_map<domain::Uuid, std::vector<Unassigned>, domain::UuidHash> unassigned_;
  ById nested_;
  ById catalogues_;
  ById unlocked_;
};

}  // namespace postern::view
