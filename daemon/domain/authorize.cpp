#include "daemon/domain/authorize.h"

#include <algorithm>

#include "daemon/domain/path.h"

namespace postern::domain {

namespace {

using schema::Code;

/// N6: a call without an address fails every rule on addresses.
bool comes_from(const NetworkList& list, const CallFacts& call) {
  static const Providers none_imported;
  return call.address &&
         holds(list, *call.address, call.providers ? *call.providers : none_imported);
}

/// N1, N2, N4.
template <class Visitor>
bool visit_network_stops(const Tenant& tenant, const User& user, const CallFacts& call,
                         Visitor visit) {
  const UserExtras& extras = extras_of(user);
  if (tenant.networks != nullptr && !extras.skip_ip_check && !comes_from(*tenant.networks, call) &&
      !visit(Stop{Code::network_not_allowed, tenant.policies_seq}))
    return false;
  if (extras.networks == nullptr)
    return !tenant.policies.user_networks_mandatory ||
           visit(Stop{Code::network_not_allowed, tenant.policies_seq});
  const Seq settings_seq = extras.settings_seq != 0 ? extras.settings_seq : user.created_seq;
  return comes_from(*extras.networks, call) ||
         visit(Stop{Code::network_not_allowed, settings_seq});
}

/// N5.
template <class Visitor>
bool visit_transport_stops(const Tenant& tenant, const User& user, const CallFacts& call,
                           Visitor visit) {
  if (call.tls) return true;
  const UserExtras& extras = extras_of(user);
  if (tenant.policies.secure_transport_required &&
      !visit(Stop{Code::tls_required, tenant.policies_seq}))
    return false;
  const Seq settings_seq = extras.settings_seq != 0 ? extras.settings_seq : user.created_seq;
  return !extras.secure_transport_required || visit(Stop{Code::tls_required, settings_seq});
}

/// Tells the visitor each stop in order until it says false; false if it did.
template <class Visitor>
bool visit_standing_stops(const Tenant* tenant, const User* user, const CallFacts& call,
                          Visitor visit) {
  if (tenant == nullptr) return visit(Stop{Code::tenant_unknown});
  if (user == nullptr) return visit(Stop{Code::invalid_credentials});
  if (!tenant->enabled && !visit(Stop{Code::tenant_disabled, tenant->disabled_seq})) return false;
  if (call.interactive && !visit(Stop{Code::interactive_not_allowed})) return false;
  if (is_locked(*tenant, *user, call.now_ns)) {
    for (const Lock& lock : locks_of(*tenant, *user, call.now_ns)) {
      const bool closes = lock.cause != schema::LockCause::passwords || call.with_password ||
                          !tenant->policies.lock_closes_password_only;
      if (closes && !visit(Stop{Code::user_locked, lock.seq})) return false;
    }
  }
  if (user->status != schema::UserStatus::active &&
      !visit(Stop{Code::user_not_active, user->status_seq}))
    return false;
  return user->api_access || visit(Stop{Code::api_access_not_allowed, user->api_access_seq});
}

template <class Visitor>
bool visit_stops_before_credential(const Tenant* tenant, const User* user, const CallFacts& call,
                                   Visitor visit) {
  if (!visit_standing_stops(tenant, user, call, visit)) return false;
  if (tenant == nullptr || user == nullptr) return true;
  return visit_network_stops(*tenant, *user, call, visit) &&
         visit_transport_stops(*tenant, *user, call, visit);
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

Stop first_stop_of_standing(const Tenant* tenant, const User* user, std::int64_t now_ns) {
  CallFacts call;
  call.now_ns = now_ns;
  call.with_password = true;
  Stop first;
  visit_standing_stops(tenant, user, call, KeepFirst{first});
  return first;
}

bool network_allowed(const Tenant& tenant, const User& user, const CallFacts& call) {
  return visit_network_stops(tenant, user, call, [](const Stop&) { return false; });
}

Verdict authorize(const Tenant& tenant, const User& user, const Question& question) {
  Stop first;
  const Grant* allow = nullptr;
  if (visit_question_stops(tenant, user, question, allow, KeepFirst{first}))
    return {Code::ok, allow};
  return {first.code, first.grant};
}

bool lies_within(std::span<const Narrowing> parts, const Question& question) {
  return parts.empty() || std::ranges::any_of(parts, [&](const Narrowing& part) {
           return (part.action == "*" || part.action == question.action) &&
                  lie_of(question.resource, part.resource) == Lie::covered;
         });
}

bool is_open(const SessionFacts& session, const Tenant& tenant, const User& user,
             std::int64_t now_ns) {
  if (session.expires_ns <= now_ns || session.user_epoch != user.session_epoch ||
      session.tenant_epoch != tenant.session_epoch)
    return false;
  if (session.by_key && (session.key == nullptr || is_expired(*session.key, now_ns))) return false;
  return std::ranges::find(extras_of(user).ended_sessions, session.session,
                           &EndedSession::session) == extras_of(user).ended_sessions.end();
}

constexpr std::int64_t second_ns = 1'000'000'000;

std::int64_t session_timeout_ns(const Tenant& tenant, const User& user) {
  const std::uint32_t own = extras_of(user).session_timeout_seconds;
  return (own != 0 ? own : tenant.policies.session_timeout_seconds) * second_ns;
}

std::int64_t session_end_ns(const Tenant& tenant, std::int64_t first_ns) {
  return first_ns + tenant.policies.session_seconds_max * second_ns;
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
