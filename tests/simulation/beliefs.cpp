#include "tests/simulation/beliefs.h"

#include <algorithm>

namespace postern::simulation {

namespace {

std::string tenant_of(const std::string& user) { return user.substr(0, user.find('/')); }

}  // namespace

void Beliefs::took(const Effects& effects) {
  for (const Effect& effect : effects) {
    if (effect.kind != Effect::Kind::frees) continue;
    Standing& standing = standings_[{effect.cause, effect.scope}];
    ++standing.under_way;
    ++standing.frees;
  }
}

void Beliefs::learned(const Effects& effects, std::uint64_t seq) {
  for (const Effect& effect : effects)
    if (effect.kind == Effect::Kind::frees) --standings_[{effect.cause, effect.scope}].under_way;
  found(effects, seq);
}

void Beliefs::found(const Effects& effects, std::uint64_t seq) {
  for (const Effect& effect : effects) {
    Standing& standing = standings_[{effect.cause, effect.scope}];
    std::uint64_t& over = sessions_ended_[effect.scope];
    switch (effect.kind) {
      case Effect::Kind::denies:
        standing.denied = std::max(standing.denied, seq);
        break;
      case Effect::Kind::frees:
        standing.freed = std::max(standing.freed, seq);
        break;
      case Effect::Kind::ends_sessions:
        over = std::max(over, seq);
        break;
    }
  }
}

const Beliefs::Standing& Beliefs::standing(Cause cause, const std::string& scope) const {
  static const Standing none;
  const auto found = standings_.find({cause, scope});
  return found == standings_.end() ? none : found->second;
}

bool Beliefs::is_surely_denied(const std::string& user) const {
  const std::string tenant = tenant_of(user);
  const auto denies = [](const Standing& denial, const Standing& freeing) {
    return denial.denied > freeing.freed && freeing.under_way == 0;
  };
  for (const Cause cause : {Cause::lock, Cause::status, Cause::access})
    if (denies(standing(cause, user), standing(cause, user))) return true;
  return denies(standing(Cause::tenant, tenant), standing(Cause::tenant, tenant)) ||
         denies(standing(Cause::tenant_lock, tenant), standing(Cause::tenant_lock, user));
}

std::uint64_t Beliefs::frees(const std::string& user) const {
  std::uint64_t count = standing(Cause::tenant, tenant_of(user)).frees;
  for (const Cause cause : {Cause::lock, Cause::status, Cause::access, Cause::tenant_lock})
    count += standing(cause, user).frees;
  return count;
}

bool Beliefs::is_session_over(const std::string& user, std::uint64_t made_seq) const {
  for (const std::string& scope : {user, tenant_of(user)}) {
    const auto found = sessions_ended_.find(scope);
    if (found != sessions_ended_.end() && found->second > made_seq) return true;
  }
  return false;
}

}  // namespace postern::simulation
