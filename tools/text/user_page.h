// One user as a page in sections, the same from a daemon and from an audit of its journal.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "history_generated.h"

namespace postern::text {

/// What a page of now shows besides; null: it is not known.
struct UserBeside {
  const schema::SessionPageT* sessions = nullptr;
  /// The tenant's.
  const schema::PoliciesT* policies = nullptr;
};

/// Sections without anything to tell are left out, but for those that somebody looks for.
void write_user(std::ostream& out, const schema::UserViewT& user, const UserBeside& beside = {});

/// The fields of Profile that are told.
std::vector<std::string> profile_names();

}  // namespace postern::text
