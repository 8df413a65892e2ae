// The decision: may this user do this now? One ladder of stops in the order of refusal, walked to
// the first stop for an answer and to the end for an explanation.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/domain/access.h"
#include "daemon/domain/catalogue.h"
#include "daemon/domain/entries.h"

namespace postern::domain {

/// How the user's call came in (N6, U10), and when.
struct CallFacts {
  bool interactive = false;
  /// The daemon's clock, UTC nanoseconds.
  std::int64_t now_ns = 0;
  /// Absent: every address rule fails.
  std::optional<Address> address = {};
  bool tls = false;
  /// Null: none was ever imported.
  const Providers* providers = nullptr;
};

struct Question {
  std::string_view action;
  std::string_view resource;
  bool this_level_only = false;
};

/// One reason for a denial, with the record that caused it (0: none did) and the grant, where one
/// did.
struct Stop {
  schema::Code code = schema::Code::ok;
  Seq seq = 0;
  const Grant* grant = nullptr;
};

/// A10. `reason` is ok exactly where the question is allowed.
struct Verdict {
  schema::Code reason = schema::Code::ok;
  const Grant* grant = nullptr;

  bool allowed() const { return reason == schema::Code::ok; }
};

/// The stops that come before the credential: tenant, channel, lock, status, API access, network,
/// transport. Null user: nobody has the name, which is `invalid_credentials`, before all. Code ok:
/// nothing stops it.
Stop first_stop_before_credential(const Tenant* tenant, const User* user, const CallFacts& call);

/// The same without network and transport: for what brings no call, or was let through before.
Stop first_stop_of_standing(const Tenant* tenant, const User* user);

/// N1 to N4: whether the rules on addresses let the call through.
bool network_allowed(const Tenant& tenant, const User& user, const CallFacts& call);

/// What the user's grants say; the stops before it have been asked.
Verdict authorize(const Tenant& tenant, const User& user, const Question& question);

/// Q5: every stop that applies, in order; the first is the reason. Null question: an
/// authentication.
std::vector<Stop> all_stops(const Tenant* tenant, const User* user, const CallFacts& call,
                            const Question* question);

}  // namespace postern::domain
