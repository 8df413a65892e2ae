#include "daemon/domain/access.h"

#include <algorithm>
#include <tuple>

#include "daemon/domain/path.h"

namespace postern::domain {

namespace {

auto order_of(const Grant& grant) {
  return std::tuple(static_cast<bool>(grant.wildcard), std::string_view(*grant.resource),
                    std::string_view(*grant.action), static_cast<bool>(grant.deny));
}

bool speaks_of(const Grant& grant, std::string_view action) {
  return *grant.action == action || *grant.action == "*";
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

void match_here_and_above(std::span<const Grant> plain, std::string_view action,
                          std::string_view path, Matches& found) {
  const Grant* const end = plain.data() + plain.size();
  for (std::string_view place = path; !place.empty(); place = parent_of(place)) {
    for (const Grant* grant = lower_bound(plain, place); grant != end && *grant->resource == place;
         ++grant) {
      if (!speaks_of(*grant, action)) continue;
      const Grant*& slot = grant->deny ? found.deny : found.allow;
      if (slot == nullptr) slot = grant;
    }
  }
}

/// All below a path start with it and a '/', and so lie together.
const Grant* first_deny_below(std::span<const Grant> plain, std::string_view action,
                              std::string_view path) {
  const Grant* const end = plain.data() + plain.size();
  const std::string prefix = std::string(path) + '/';
  for (const Grant* grant = lower_bound(plain, prefix);
       grant != end && grant->resource->starts_with(prefix); ++grant)
    if (grant->deny && speaks_of(*grant, action)) return grant;
  return nullptr;
}

}  // namespace

std::shared_ptr<const Grants> no_grants() {
  static const auto none = std::make_shared<const Grants>();
  return none;
}

std::shared_ptr<const Grants> with_grant(const Grants& grants, const Grant& grant) {
  auto changed = std::make_shared<Grants>();
  changed->sorted.reserve(grants.size() + 1);
  const auto place = std::ranges::upper_bound(grants.sorted, order_of(grant), {}, order_of);
  changed->sorted.assign(grants.sorted.begin(), place);
  changed->sorted.push_back(grant);
  changed->sorted.insert(changed->sorted.end(), place, grants.sorted.end());
  changed->plain_count = grants.plain_count + (grant.wildcard ? 0 : 1);
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
  return changed;
}

const Grant* find_grant(const Grants& grants, schema::Effect effect, std::string_view action,
                        std::string_view resource) {
  const auto place = std::ranges::find_if(grants.sorted, [&](const Grant& grant) {
    return grant.effect() == effect && *grant.action == action && *grant.resource == resource;
  });
  return place == grants.sorted.end() ? nullptr : &*place;
}

Matches match(const Grants& grants, std::string_view action, std::string_view path,
              bool this_level_only) {
  Matches found;
  const std::span<const Grant> plain = plain_of(grants);
  match_here_and_above(plain, action, path, found);
  if (!this_level_only && found.deny == nullptr)
    found.deny_below = first_deny_below(plain, action, path);
  for (const Grant& grant : std::span(grants.sorted).subspan(grants.plain_count)) {
    if (!speaks_of(grant, action)) continue;
    const Lie lie = lie_of(path, *grant.resource);
    if (lie == Lie::covered) {
      const Grant*& slot = grant.deny ? found.deny : found.allow;
      if (slot == nullptr) slot = &grant;
    } else if (lie == Lie::above && grant.deny && !this_level_only && found.deny_below == nullptr) {
      found.deny_below = &grant;
    }
  }
  return found;
}

}  // namespace postern::domain
