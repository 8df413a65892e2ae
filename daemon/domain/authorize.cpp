#include "daemon/domain/authorize.h"

#include <algorithm>

#include "daemon/domain/path.h"

namespace postern::domain {

namespace {

using schema::Code;

/// Tells the visitor each stop in order until it says false; false if it did.
template <class Visitor>
bool visit_stops_before_credential(const Tenant* tenant, const User* user, const CallFacts& call,
                                   Visitor visit) {
  if (tenant == nullptr) return visit(Stop{Code::tenant_unknown});
  if (user == nullptr) return visit(Stop{Code::invalid_credentials});
  if (!tenant->enabled && !visit(Stop{Code::tenant_disabled, tenant->disabled_seq})) return false;
  if (call.interactive && !visit(Stop{Code::interactive_not_allowed})) return false;
  if (is_locked(*tenant, *user))
    for (const Lock& lock : locks_of(*tenant, *user))
      if (!visit(Stop{Code::user_locked, lock.seq})) return false;
  if (user->status != schema::UserStatus::active &&
      !visit(Stop{Code::user_not_active, user->status_seq}))
    return false;
  return user->api_access || visit(Stop{Code::api_access_not_allowed, user->api_access_seq});
}

template <class Visitor>
bool visit_question_stops(const Tenant& tenant, const User& user, const Question& question,
                          const Grant*& allow, Visitor visit) {
  if (!is_path(question.resource)) return visit(Stop{Code::resource_malformed});
  if (!is_action(question.action) ||
      !knows(*tenant.catalogue, question.resource, question.action))
    return visit(Stop{Code::unknown_resource});
  const Matches found =
      match(*user.grants, question.action, question.resource, question.this_level_only);
  allow = found.allow;
  const auto stop = [](Code code, const Grant* grant) { return Stop{code, grant->seq, grant}; };
  if (found.deny != nullptr && !visit(stop(Code::denied_by_grant, found.deny))) return false;
  if (found.deny_below != nullptr && !visit(stop(Code::denied_below, found.deny_below)))
    return false;
  return found.allow != nullptr || visit(Stop{Code::no_matching_grant});
}

/// Keeps the first stop and goes no further.
struct KeepFirst {
  Stop& first;
  bool operator()(const Stop& stop) const {
    first = stop;
    return false;
  }
};

}  // namespace

Stop first_stop_before_credential(const Tenant* tenant, const User* user, const CallFacts& call) {
  Stop first;
  visit_stops_before_credential(tenant, user, call, KeepFirst{first});
  return first;
}

Verdict authorize(const Tenant& tenant, const User& user, const Question& question) {
  Stop first;
  const Grant* allow = nullptr;
  if (visit_question_stops(tenant, user, question, allow, KeepFirst{first}))
    return {Code::ok, allow};
  return {first.code, first.grant};
}

std::vector<Stop> all_stops(const Tenant* tenant, const User* user, const CallFacts& call,
                            const Question* question) {
  std::vector<Stop> stops;
  const auto keep = [&](const Stop& stop) {
    stops.push_back(stop);
    return true;
  };
  visit_stops_before_credential(tenant, user, call, keep);
  const Grant* allow = nullptr;
  if (tenant != nullptr && user != nullptr && question != nullptr)
    visit_question_stops(*tenant, *user, *question, allow, keep);
  return stops;
}

}  // namespace postern::domain
