// Commands as if they had been sent (H3, H4): decided by the rules, and left in a state that is
// nobody's but the asker's.
#pragma once

#include <expected>
#include <vector>

#include "daemon/domain/message.h"
#include "daemon/view/view.h"

namespace postern::view {

struct Supposed {
  const schema::CommandMessage& message;
  const domain::Operator& asker;
  /// When they would have been sent.
  std::int64_t now_ns = 0;
  domain::EventPlace place;
};

/// What the commands change, which stands in the state from then on; or why the rules refuse them,
/// and the state is as before. Nothing is made for them: what is new has an id that nobody has, no
/// key, and nothing sealed.
std::expected<domain::Changes, std::vector<schema::ProblemT>> suppose(domain::State& state,
                                                                      const Supposed& supposed);

/// One tenant with its users, the operators and all that tenants share, to suppose something of.
/// Borrows the view's entries.
domain::State state_of(const View& view, const domain::Tenant& tenant, domain::Seq seq,
                       std::int64_t time_ns);

}  // namespace postern::view
