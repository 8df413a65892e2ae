// What stops a user whatever is asked, or lets it in: how that differs between two moments (H2).
#pragma once

#include <optional>

#include "daemon/view/user_difference.h"

namespace postern::view {

/// What may be known of calls to come: nothing but when.
domain::CallFacts some_call(std::int64_t now_ns);

/// Which calls are allowed.
enum class Level { none, some, all };

struct StandingDifference {
  /// Of all that the user has; absent: it does not differ.
  std::optional<AccessDifference> line;
  /// Nothing else is to be told: the user may nothing at one of the moments.
  bool is_all = false;
  bool may_after = false;
};

StandingDifference standing_difference(const UserAt& before, const UserAt& after,
                                       const Trail& trail, domain::Seq before_seq);

}  // namespace postern::view
