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
      !visit(
          Stop{Code::network_not_allowed, tenant.policies_seq, {}, {}, {}, tenant.networks.get()}))
    return false;
  if (extras.networks == nullptr)
    return !tenant.policies.user_networks_mandatory ||
           visit(Stop{Code::network_not_allowed, tenant.policies_seq});
  const Seq settings_seq = extras.settings_seq != 0 ? extras.settings_seq : user.created_seq;
  return comes_from(*extras.networks, call) ||
         visit(Stop{Code::network_not_allowed, settings_seq, {}, {}, {}, extras.networks.get()});
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
      !visit(Stop{Code::user_not_active, marks_of(*user).status_seq}))
    return false;
  return user->api_access ||
         visit(Stop{Code::api_access_not_allowed, marks_of(*user).api_access_seq});
}

template <class Visitor>
bool visit_stops_before_credential(const Tenant* tenant, const User* user, const CallFacts& call,
                                   Visitor visit) {
  if (!visit_standing_stops(tenant, user, call, visit)) return false;
  if (tenant == nullptr || user == nullptr) return true;
  return visit_network_stops(*tenant, *user, call, visit) &&
         visit_transport_stops(*tenant, *user, call, visit);
}

Stop stop_of(Code code, const GrantHolder& holder, GrantPointer place) {
  return {code, place->seq, place, holder.role_name(), conditions_of(holder.grants, place)};
}

/// Plain ones lie on one path, so the longer is the more specific.
bool is_nearer(const Grant& left, const Grant& right) {
  if (left.wildcard != right.wildcard) return !left.wildcard;
  return !left.wildcard && left.resource->size() > right.resource->size();
}

/// What all holders say together. Which of several is named says the order that an explanation
/// sorts by.
struct CombinedMatches {
  struct Slot : Stop {
    /// Which of the user's roles it came by.
    std::size_t by_way_of = 0;
  };
  Slot deny, deny_below, allow, unmet;

  void add(const GrantHolder& holder, const Matches& found) {
    const auto take = [&](Slot& slot, Code code, GrantPointer grant, auto before) {
      if (grant != nullptr && (slot.grant == nullptr || before(*grant, slot)))
        slot = {stop_of(code, holder, grant), holder.by_way_of};
    };
    const auto first = [](const Grant& grant, const Slot& slot) {
      return precedes(grant, *slot.grant);
    };
    // A role with all within it is as one list.
    const auto nearer = [&](const Grant& grant, const Slot& slot) {
      return slot.by_way_of == holder.by_way_of ? is_named_before(grant, *slot.grant)
                                                : is_nearer(grant, *slot.grant);
    };
    take(deny, Code::denied_by_grant, found.deny, first);
    take(deny_below, Code::denied_below, found.deny_below, first);
    take(allow, Code::ok, found.allow, nearer);
    take(unmet, Code::condition_not_met, found.unmet, nearer);
  }
};

/// Of a user's own grants alone.
[[gnu::always_inline]] inline Verdict verdict_of(const Grants& grants, const Matches& found) {
  Verdict verdict{Code::denied_by_grant, found.deny, nullptr, nullptr, found.work};
  if (found.deny == nullptr) {
    if (found.deny_below != nullptr) {
      verdict.reason = Code::denied_below;
      verdict.grant = found.deny_below;
    } else if (found.allow != nullptr) {
      verdict.reason = Code::ok;
      verdict.grant = found.allow;
    } else if (found.unmet != nullptr) {
      verdict.reason = Code::condition_not_met;
      verdict.grant = found.unmet;
    } else {
      verdict.reason = Code::no_matching_grant;
      return verdict;
    }
  }
  verdict.conditions = conditions_of(grants, verdict.grant);
  return verdict;
}

void sort_by_path(std::vector<Stop>& stops) {
  std::ranges::stable_sort(stops, [](const Stop& left, const Stop& right) {
    return precedes(*left.grant, *right.grant);
  });
}

/// Every stop of a question, of each holder.
void collect_question_stops(const Tenant& tenant, const User& user, const Question& question,
                            const CallFacts& call, std::vector<Stop>& stops) {
  const ReadQuestion read(tenant, question);
  if (read.form() != Code::ok) return stops.push_back(Stop{read.form()});
  const AccessRequest& asked = read.asked();
  std::vector<Stop> denies, below;
  std::vector<CombinedMatches::Slot> unmet;
  bool allowed = false;
  visit_holders(tenant, user, [&](const GrantHolder& holder) {
    for (const GrantPointer grant : holder.grants.pointers()) {
      switch (bearing_of(holder.grants, *grant, asked, call)) {
        case Bearing::none:
          break;
        case Bearing::allow:
          allowed = true;
          break;
        case Bearing::deny:
          denies.push_back(stop_of(Code::denied_by_grant, holder, grant));
          break;
        case Bearing::deny_below:
          below.push_back(stop_of(Code::denied_below, holder, grant));
          break;
        case Bearing::unmet:
          unmet.push_back({stop_of(Code::condition_not_met, holder, grant), holder.by_way_of});
          break;
      }
    }
  });
  sort_by_path(denies);
  sort_by_path(below);
  std::ranges::stable_sort(
      unmet, [](const CombinedMatches::Slot& left, const CombinedMatches::Slot& right) {
        if (is_nearer(*left.grant, *right.grant)) return true;
        if (is_nearer(*right.grant, *left.grant)) return false;
        if (left.by_way_of != right.by_way_of) return left.by_way_of < right.by_way_of;
        return precedes(*left.grant, *right.grant);
      });
  stops.insert(stops.end(), denies.begin(), denies.end());
  stops.insert(stops.end(), below.begin(), below.end());
  if (allowed) return;
  if (unmet.empty()) return stops.push_back(Stop{Code::no_matching_grant});
  stops.insert(stops.end(), unmet.begin(), unmet.end());
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

Code first_code_before_credential(const Tenant* tenant, const User* user, const CallFacts& call) {
  Code first = Code::ok;
  visit_stops_before_credential(tenant, user, call, [&](const Stop& stop) {
    first = stop.code;
    return false;
  });
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

namespace {

/// Looked up anew: for one question.
struct LookedUp {
  const Catalogue& catalogue;
  const CatalogueKind* found = nullptr;

  const CatalogueKind* kind(std::string_view name) { return found = find_kind(catalogue, name); }
  const CatalogueAction* action(std::string_view name) const { return find_action(*found, name); }
};

}  // namespace

template <class Known>
[[gnu::always_inline]] inline Code ReadQuestion::read(Known&& known) {
  if (!read_path(text_.resource, levels_)) return Code::resource_malformed;
  const CatalogueKind* kind = known.kind(text_.resource.substr(0, levels_[0].size));
  const CatalogueAction* action = kind == nullptr ? nullptr : known.action(text_.action);
  if (action == nullptr || !knows(*kind, text_.resource)) return Code::unknown_resource;
  asked_ = {text_.action, action->implied_by, text_.resource, text_.this_level_only, &levels_};
  return Code::ok;
}

ReadQuestion::ReadQuestion(const Tenant& tenant, const Question& question)
    : text_(question), form_(read(LookedUp{*tenant.catalogue})) {}

[[gnu::always_inline]] inline ReadQuestion::ReadQuestion(CatalogueFinder& known,
                                                         const Question& question)
    : text_(question), form_(read(known)) {}

/// With what roles say. Apart, since most users have none.
[[gnu::noinline]] static Verdict said_by_all(const Tenant& tenant, const User& user,
                                             const AccessRequest& asked, const CallFacts& call) {
  CombinedMatches said;
  std::size_t work = 0;
  visit_holders(tenant, user, [&](const GrantHolder& holder) {
    const Matches found = match(holder.grants, asked, call);
    work += found.work;
    said.add(holder, found);
  });
  for (const Stop* stop : {&said.deny, &said.deny_below, &said.allow, &said.unmet})
    if (stop->grant != nullptr)
      return {stop->code, stop->grant, stop->role, stop->conditions, work};
  return {Code::no_matching_grant, nullptr, nullptr, nullptr, work};
}

/// `index`: of the marks of the user's own grants; null: none.
[[gnu::always_inline]] static inline Verdict weigh(const Tenant& tenant, const User& user,
                                                   const ReadQuestion& question,
                                                   const CallFacts& call, const MarkIndex* index) {
  if (question.form() != Code::ok) return {question.form()};
  if (user.extras == nullptr || user.extras->roles.empty())
    return verdict_of(*user.grants, match(*user.grants, question.asked(), call, index));
  return said_by_all(tenant, user, question.asked(), call);
}

/// C8: outside the parts no allow counts. Apart, since most calls have none.
[[gnu::noinline]] static void narrow(Verdict& verdict, const Question& question,
                                     std::span<const Narrowing> parts) {
  const bool by_allow = verdict.allowed() || verdict.reason == Code::condition_not_met;
  if (by_allow && !lies_within(parts, question))
    verdict = {Code::no_matching_grant, nullptr, nullptr, nullptr, verdict.work};
}

Verdict authorize(const Tenant& tenant, const User& user, const Question& question,
                  const CallFacts& call, std::span<const Narrowing> parts) {
  return authorize(tenant, user, ReadQuestion(tenant, question), call, parts);
}

Verdict authorize(const Tenant& tenant, const User& user, const ReadQuestion& question,
                  const CallFacts& call, std::span<const Narrowing> parts) {
  Verdict verdict = weigh(tenant, user, question, call, nullptr);
  if (!parts.empty()) narrow(verdict, question.text(), parts);
  return verdict;
}

/// Below, making an index of marks takes longer than looking at all of them.
constexpr std::size_t indexed_questions_min = 4;

Authorizer::Authorizer(const Tenant& tenant, const User& user, const CallFacts& call,
                       std::span<const Narrowing> parts, std::size_t questions)
    : tenant_(tenant), user_(user), call_(call), parts_(parts), known_(*tenant.catalogue) {
  static_assert(Grants::part_max <= MarkIndex::marks_max);
  if (questions >= indexed_questions_min && user.grants->in_one_part())
    marks_.emplace(user.grants->marks());
}

Verdict Authorizer::authorize(const Question& question) {
  Verdict verdict =
      weigh(tenant_, user_, ReadQuestion(known_, question), call_, marks_ ? &*marks_ : nullptr);
  if (!parts_.empty()) narrow(verdict, question, parts_);
  return verdict;
}

bool lies_within(std::span<const Narrowing> parts, const Question& question) {
  return parts.empty() || std::ranges::any_of(parts, [&](const Narrowing& part) {
           return (part.action == "*" || part.action == question.action) &&
                  lie_of(question.resource, part.resource) == Lie::covered;
         });
}

bool is_open(const SessionFacts& session, const Tenant& tenant, const User& user,
             std::int64_t now_ns) {
  if (session.expires_ns <= now_ns || session.user_epoch != extras_of(user).session_epoch ||
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
  if (tenant != nullptr && user != nullptr && question != nullptr)
    collect_question_stops(*tenant, *user, *question, call, stops);
  return stops;
}

}  // namespace postern::domain
