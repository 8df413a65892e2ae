// A question decided alone, and among others about the same user.
#pragma once

#include <stdexcept>
#include <string>

#include "daemon/domain/authorize.h"

namespace postern::support {

/// As it is decided alone. Throws where it is decided otherwise among others.
inline domain::Verdict asked_both_ways(const domain::Tenant& tenant, const domain::User& user,
                                       const domain::Question& question,
                                       const domain::CallFacts& call,
                                       std::span<const domain::Narrowing> parts = {}) {
  const domain::Verdict alone = domain::authorize(tenant, user, question, call, parts);
  for (const std::size_t count : {2U, 100U}) {
    domain::Authorizer authorizer(tenant, user, call, parts, count);
    for (const domain::Question& before :
         {question, domain::Question{question.action, "endpoint/query"},
          domain::Question{"call", question.resource}, domain::Question{"call", "endpoint"}}) {
      authorizer.authorize(before);
      const domain::Verdict among = authorizer.authorize(question);
      if (among.reason != alone.reason || among.grant != alone.grant || among.role != alone.role ||
          among.conditions != alone.conditions)
        throw std::logic_error(std::string(question.action) + " on " +
                               std::string(question.resource) + " is decided otherwise among " +
                               std::to_string(count));
    }
  }
  return alone;
}

}  // namespace postern::support
