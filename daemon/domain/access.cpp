#include "daemon/domain/access.h"

#include <algorithm>
#include <tuple>

#include "daemon/domain/conditions.h"
#include "daemon/domain/path.h"

namespace postern::domain {

namespace {

auto order_of(const Grant& grant) {
  return std::tuple(static_cast<bool>(grant.wildcard), std::string_view(*grant.resource),
                    std::string_view(*grant.action), static_cast<bool>(grant.deny));
}

/// A deny is of its own action; who may do an action may do what it implies too.
bool speaks_of(const Grant& grant, const Asked& asked) {
  const std::string_view action = *grant.action;
  return action == asked.action || action == "*" ||
         (!grant.deny && !asked.implied_by.empty() &&
          std::ranges::find(asked.implied_by, action) != asked.implied_by.end());
}

bool counts(const Grants& grants, const Grant& grant, const CallFacts& call) {
  return !grant.conditional ||
         are_in_force(conditions_of(grants, grant), grant.deny != 0, call);
}

/// One match: of denies the first in the order of paths stays, else the first that was found.
void keep(const Grants& grants, const Grant& grant, const CallFacts& call, Matches& found) {
  const bool met = counts(grants, grant, call);
  if (grant.deny && !met) return;
  const Grant*& slot = grant.deny ? found.deny : met ? found.allow : found.unmet;
  if (slot == nullptr || (grant.deny && precedes(grant, *slot))) slot = &grant;
}

std::span<const Grant> plain_of(const Grants& grants) {
  return std::span(grants.sorted).first(grants.plain_count);
}

/// The first plain grant whose resource is not before `text`.
const Grant* lower_bound(std::span<const Grant> plain, std::string_view text) {
  const auto resource = [](const Grant& grant) -> std::string_view { return *grant.resource; };
  const auto place = std::ranges::lower_bound(plain, text, {}, resource);
  return plain.data() + (place - plain.begin());
}

void match_here_and_above(const Grants& grants, const Asked& asked, const CallFacts& call,
                          Matches& found) {
  const std::span<const Grant> plain = plain_of(grants);
  const Grant* const end = plain.data() + plain.size();
  for (std::string_view place = asked.path; !place.empty(); place = parent_of(place)) {
    for (const Grant* grant = lower_bound(plain, place); grant != end && *grant->resource == place;
         ++grant)
      if (speaks_of(*grant, asked)) keep(grants, *grant, call, found);
  }
}

/// All below a path start with it and a '/', and so lie together.
const Grant* first_deny_below(const Grants& grants, const Asked& asked, const CallFacts& call) {
  const std::span<const Grant> plain = plain_of(grants);
  const Grant* const end = plain.data() + plain.size();
  const std::string prefix = std::string(asked.path) + '/';
  for (const Grant* grant = lower_bound(plain, prefix);
       grant != end && grant->resource->starts_with(prefix); ++grant)
    if (grant->deny && speaks_of(*grant, asked) && counts(grants, *grant, call)) return grant;
  return nullptr;
}

}  // namespace

std::shared_ptr<const Grants> no_grants() {
  static const auto none = std::make_shared<const Grants>();
  return none;
}

std::shared_ptr<const Grants> with_grant(const Grants& grants, const Grant& grant,
                                         const Conditions* conditions) {
  auto changed = std::make_shared<Grants>();
  changed->sorted.reserve(grants.size() + 1);
  const auto place = std::ranges::upper_bound(grants.sorted, order_of(grant), {}, order_of);
  changed->sorted.assign(grants.sorted.begin(), place);
  changed->sorted.push_back(grant);
  changed->sorted.insert(changed->sorted.end(), place, grants.sorted.end());
  changed->plain_count = grants.plain_count + (grant.wildcard ? 0 : 1);
  changed->conditions = grants.conditions;
  // The newest grant is the last by seq and index too.
  if (conditions != nullptr)
    changed->conditions.push_back(
        {grant.seq, static_cast<std::uint16_t>(grant.index), *conditions});
  return changed;
}

std::shared_ptr<const Grants> without_grant(const Grants& grants, Seq seq, std::uint64_t index) {
  auto changed = std::make_shared<Grants>();
  changed->sorted.reserve(grants.size());
  for (const Grant& grant : grants.sorted) {
    if (grant.seq == seq && grant.index == index) continue;
    changed->sorted.push_back(grant);
    changed->plain_count += grant.wildcard ? 0 : 1;
  }
  for (const ConditionsOfGrant& entry : grants.conditions)
    if (entry.seq != seq || entry.index != index) changed->conditions.push_back(entry);
  return changed;
}

std::vector<const Grant*> find_grants(const Grants& grants, schema::Effect effect,
                                      std::string_view action, std::string_view resource) {
  std::vector<const Grant*> found;
  for (const Grant& grant : grants.sorted)
    if (grant.effect() == effect && *grant.action == action && *grant.resource == resource)
      found.push_back(&grant);
  return found;
}

const Conditions* conditions_of(const Grants& grants, const Grant& grant) {
  if (!grant.conditional) return nullptr;
  const auto name_of = [](const ConditionsOfGrant& entry) {
    return std::pair(entry.seq, std::uint64_t{entry.index});
  };
  const std::pair<Seq, std::uint64_t> name(grant.seq, grant.index);
  const auto place = std::ranges::lower_bound(grants.conditions, name, {}, name_of);
  return place == grants.conditions.end() || name_of(*place) != name ? nullptr
                                                                     : &place->conditions;
}

bool precedes(const Grant& left, const Grant& right) {
  const auto whole = [](const Grant& grant) {
    return std::tuple_cat(order_of(grant), std::tuple(std::uint64_t{grant.seq},
                                                      std::uint64_t{grant.index}));
  };
  return whole(left) < whole(right);
}

Matches match(const Grants& grants, const Asked& asked, const CallFacts& call) {
  Matches found;
  match_here_and_above(grants, asked, call, found);
  if (!asked.this_level_only && found.deny == nullptr)
    found.deny_below = first_deny_below(grants, asked, call);
  for (const Grant& grant : std::span(grants.sorted).subspan(grants.plain_count)) {
    if (!speaks_of(grant, asked)) continue;
    const Lie lie = lie_of(asked.path, *grant.resource);
    if (lie == Lie::covered)
      keep(grants, grant, call, found);
    else if (lie == Lie::above && grant.deny && !asked.this_level_only &&
             found.deny_below == nullptr && counts(grants, grant, call))
      found.deny_below = &grant;
  }
  return found;
}

Bearing bearing_of(const Grants& grants, const Grant& grant, const Asked& asked,
                   const CallFacts& call) {
  if (!speaks_of(grant, asked)) return Bearing::none;
  const Lie lie = lie_of(asked.path, *grant.resource);
  const bool met = counts(grants, grant, call);
  if (lie == Lie::covered)
    return grant.deny ? (met ? Bearing::deny : Bearing::none)
                      : (met ? Bearing::allow : Bearing::unmet);
  const bool denies_below = lie == Lie::above && grant.deny && met && !asked.this_level_only;
  return denies_below ? Bearing::deny_below : Bearing::none;
}

}  // namespace postern::domain
