#include "daemon/domain/roles.h"

#include <algorithm>

#include "daemon/domain/access.h"

namespace postern::domain {

namespace {

using Entry = std::shared_ptr<const NamedRole>;

const Uuid& id_of(const Entry& entry) { return entry->id; }
const std::string& name_of(const Entry& entry) { return entry->name; }

const NamedRole* find_role(const NamedRoles& roles, const Uuid& id) {
  const auto place = std::ranges::lower_bound(roles.by_id, id, less, id_of);
  return place == roles.by_id.end() || (*place)->id != id ? nullptr : place->get();
}

template <class Less, class KeyOf>
void put(std::vector<Entry>& entries, const Entry& entry, Less before, KeyOf key_of) {
  const auto place = std::ranges::lower_bound(entries, key_of(entry), before, key_of);
  if (place != entries.end() && (*place)->id == entry->id)
    *place = entry;
  else
    entries.insert(place, entry);
}

void put(NamedRoles& roles, NamedRole role) {
  const Entry entry = std::make_shared<const NamedRole>(std::move(role));
  put(roles.by_id, entry, less, id_of);
  put(roles.by_name, entry, std::ranges::less(), name_of);
}

void collect_within(const NamedRoles& roles, const NamedRole& role,
                    std::vector<const NamedRole*>& found) {
  if (std::ranges::find(found, &role) != found.end()) return;
  found.push_back(&role);
  for (const Uuid& id : role.inner)
    if (const NamedRole* inner = find_role(roles, id)) collect_within(roles, *inner, found);
}

/// One grant on its way into a compiled list.
struct Part {
  const Grant* grant;
  const NamedRole* role;
};

void compile_role(const NamedRoles& roles, NamedRole& role, const Intern& intern) {
  role.owners.clear();
  role.compiled = role.grants;
  const std::vector<const NamedRole*> within = roles_within(roles, role);
  if (within.size() == 1) return;
  std::vector<Part> all;
  auto made = std::make_shared<Grants>();
  for (const NamedRole* part : within) {
    for (const Grant& grant : part->grants->sorted) all.push_back({&grant, part});
    const auto& conditions = part->grants->conditions;
    made->conditions.insert(made->conditions.end(), conditions.begin(), conditions.end());
  }
  std::ranges::sort(
      all, [](const Part& left, const Part& right) { return precedes(*left.grant, *right.grant); });
  std::ranges::sort(made->conditions, {}, [](const ConditionsOfGrant& entry) {
    return std::pair(entry.seq, entry.index);
  });
  made->sorted.reserve(all.size());
  role.owners.reserve(all.size());
  for (const Part& owned : all) {
    made->sorted.push_back(*owned.grant);
    made->plain_count += owned.grant->wildcard ? 0 : 1;
    role.owners.push_back(intern(owned.role->name));
  }
  role.compiled = std::move(made);
}

/// Each role once, however many ways lead to it.
std::size_t depth(const NamedRole& role,
                  std::vector<std::pair<const NamedRole*, std::size_t>>& seen,
                  const std::function<std::vector<const NamedRole*>(const NamedRole&)>& next) {
  const auto known =
      std::ranges::find(seen, &role, &std::pair<const NamedRole*, std::size_t>::first);
  if (known != seen.end()) return known->second;
  std::size_t deepest = 0;
  for (const NamedRole* other : next(role))
    deepest = std::max(deepest, 1 + depth(*other, seen, next));
  seen.emplace_back(&role, deepest);
  return deepest;
}

}  // namespace

const NamedRole* find_role(const Tenant& tenant, const Uuid& id) {
  return tenant.roles == nullptr ? nullptr : find_role(*tenant.roles, id);
}

const NamedRole* find_role(const Tenant& tenant, std::string_view name) {
  if (tenant.roles == nullptr) return nullptr;
  const auto& entries = tenant.roles->by_name;
  const auto place = std::ranges::lower_bound(entries, name, {}, name_of);
  return place == entries.end() || (*place)->name != name ? nullptr : place->get();
}

std::vector<const NamedRole*> roles_within(const NamedRoles& roles, const NamedRole& role) {
  std::vector<const NamedRole*> found;
  collect_within(roles, role, found);
  return found;
}

bool reaches(const NamedRoles& roles, const NamedRole& role, const Uuid& id) {
  return std::ranges::any_of(roles_within(roles, role),
                             [&](const NamedRole* part) { return part->id == id; });
}

bool has_ring(const NamedRoles& roles) {
  const auto is_within_itself = [&](const Entry& role) {
    return std::ranges::any_of(role->inner, [&](const Uuid& id) {
      const NamedRole* inner = find_role(roles, id);
      return inner != nullptr && reaches(roles, *inner, role->id);
    });
  };
  return std::ranges::any_of(roles.by_id, is_within_itself);
}

std::size_t depth_below(const NamedRoles& roles, const NamedRole& role) {
  std::vector<std::pair<const NamedRole*, std::size_t>> seen;
  return depth(role, seen, [&](const NamedRole& outer) {
    std::vector<const NamedRole*> next;
    for (const Uuid& id : outer.inner)
      if (const NamedRole* inner = find_role(roles, id)) next.push_back(inner);
    return next;
  });
}

std::size_t depth_above(const NamedRoles& roles, const NamedRole& role) {
  std::vector<std::pair<const NamedRole*, std::size_t>> seen;
  return depth(role, seen, [&](const NamedRole& inner) {
    std::vector<const NamedRole*> next;
    for (const Entry& entry : roles.by_id)
      if (std::ranges::find(entry->inner, inner.id) != entry->inner.end())
        next.push_back(entry.get());
    return next;
  });
}

std::vector<std::string> way_down(const NamedRoles& roles, const NamedRole& from, const Uuid& to) {
  std::vector<std::string> way = {from.name};
  for (const NamedRole* place = &from; place->id != to;) {
    const auto next = std::ranges::find_if(place->inner, [&](const Uuid& id) {
      const NamedRole* inner = find_role(roles, id);
      return inner != nullptr && reaches(roles, *inner, to);
    });
    if (next == place->inner.end()) break;
    place = find_role(roles, *next);
    way.push_back(place->name);
  }
  return way;
}

std::shared_ptr<const NamedRoles> with_role(const NamedRoles* roles, NamedRole role,
                                            const Intern& intern) {
  auto made =
      roles == nullptr ? std::make_shared<NamedRoles>() : std::make_shared<NamedRoles>(*roles);
  const Uuid id = role.id;
  put(*made, std::move(role));
  std::vector<Entry> holding;
  for (const Entry& entry : made->by_id)
    if (reaches(*made, *entry, id)) holding.push_back(entry);
  for (const Entry& entry : holding) {
    NamedRole changed = *entry;
    compile_role(*made, changed, intern);
    put(*made, std::move(changed));
  }
  return made;
}

std::shared_ptr<const NamedRoles> with_roles(std::vector<NamedRole> roles, const Intern& intern) {
  auto made = std::make_shared<NamedRoles>();
  for (NamedRole& role : roles) put(*made, std::move(role));
  const std::vector<Entry> plain = made->by_id;
  for (const Entry& entry : plain) {
    NamedRole changed = *entry;
    compile_role(*made, changed, intern);
    put(*made, std::move(changed));
  }
  return made;
}

std::shared_ptr<const NamedRoles> without_role(const NamedRoles& roles, const Uuid& id) {
  auto made = std::make_shared<NamedRoles>(roles);
  const auto is_it = [&](const Entry& entry) { return entry->id == id; };
  std::erase_if(made->by_id, is_it);
  std::erase_if(made->by_name, is_it);
  return made->by_id.empty() ? nullptr : made;
}

}  // namespace postern::domain
