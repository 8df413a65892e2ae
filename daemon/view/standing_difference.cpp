#include "daemon/view/standing_difference.h"

#include <algorithm>

namespace postern::view {

namespace {

using domain::Seq;
using schema::AccessChange;
using schema::Code;

/// The stops of a user that no address or transport can take away, and those that one may.
struct Standing {
  Level level = Level::none;
  Code code = Code::user_unknown;
  std::vector<domain::Stop> stops;
};

Standing standing_of(const UserAt& at) {
  Standing made;
  if (at.tenant == nullptr || at.user == nullptr) return made;
  made.stops = domain::all_stops(at.tenant, at.user, some_call(at.now_ns), nullptr);
  made.level = Level::all;
  made.code = Code::ok;
  for (const domain::Stop& stop : made.stops) {
    const bool some_pass = stop.networks != nullptr || stop.code == Code::tls_required;
    const Level level = some_pass ? Level::some : Level::none;
    if (level < made.level) {
      made.level = level;
      made.code = stop.code;
    }
  }
  return made;
}

bool demand_alike(const Standing& left, const Standing& right) {
  return std::ranges::equal(
      left.stops, right.stops, [](const domain::Stop& one, const domain::Stop& other) {
        const bool listed = one.networks != nullptr && other.networks != nullptr;
        return one.code == other.code && (one.networks == nullptr) == (other.networks == nullptr) &&
               (!listed || one.networks->entries == other.networks->entries);
      });
}

/// The record that took a stop away, or changed what it demands.
Seq end_of(const domain::Stop& stop, const UserAt& after, const Trail& trail) {
  if (stop.code == Code::tenant_disabled) return after.tenant->status_seq;
  if (stop.code == Code::user_locked) return trail.unlocked(after.user->id);
  if (stop.code == Code::user_not_active) return domain::marks_of(*after.user).status_seq;
  if (stop.code == Code::api_access_not_allowed)
    return domain::marks_of(*after.user).api_access_seq;
  return std::max(after.tenant->policies_seq, domain::extras_of(*after.user).settings_seq);
}

/// A loss is caused by what stops now, all else by the last that changed.
Seq cause_of(AccessChange change, const Standing& before, const Standing& after,
             const UserAt& user_after, const Trail& trail) {
  Seq cause = 0;
  if (change == AccessChange::lost) {
    const auto first = std::ranges::find(after.stops, after.code, &domain::Stop::code);
    return first == after.stops.end() ? 0 : first->seq;
  }
  for (const domain::Stop& stop : before.stops)
    cause = std::max(cause, end_of(stop, user_after, trail));
  if (change == AccessChange::conditions_changed)
    for (const domain::Stop& stop : after.stops) cause = std::max(cause, stop.seq);
  return cause;
}

}  // namespace

domain::CallFacts some_call(std::int64_t now_ns) {
  domain::CallFacts call;
  call.now_ns = now_ns;
  return call;
}

StandingDifference standing_difference(const UserAt& user_before, const UserAt& user_after,
                                       const Trail& trail, Seq before_seq) {
  const Standing before = standing_of(user_before);
  const Standing after = standing_of(user_after);
  StandingDifference made;
  made.may_after = after.level != Level::none;
  // Who never was there has its grants to tell, unless it may nothing.
  made.is_all = !made.may_after && (user_before.user == nullptr || before.level == Level::none);
  if (made.is_all || user_before.user == nullptr || demand_alike(before, after)) return made;
  made.is_all = std::min(before.level, after.level) == Level::none;
  AccessDifference line;
  line.action = "*";
  line.before = before.code;
  line.after = after.code;
  line.change = after.level > before.level   ? AccessChange::gained
                : after.level < before.level ? AccessChange::lost
                                             : AccessChange::conditions_changed;
  const Seq cause = cause_of(line.change, before, after, user_after, trail);
  line.caused_by = cause > before_seq ? cause : 0;
  made.line = std::move(line);
  return made;
}

}  // namespace postern::view
