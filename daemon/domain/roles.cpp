#include "daemon/domain/roles.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "daemon/domain/access.h"
#include "daemon/domain/authorize.h"

namespace postern::domain {

namespace {

using Entry = std::shared_ptr<const NamedRole>;

const Uuid& id_of(const Entry& entry) { return entry->id; }
const std::string& role_name_of(const Entry& entry) { return entry->name; }

/// Where it stands, or would.
std::size_t place_of(const NamedRoles& roles, const Uuid& id) {
  const auto place = std::ranges::lower_bound(roles.by_id, id, less, id_of);
  return static_cast<std::size_t>(place - roles.by_id.begin());
}

const NamedRole* find_role(const NamedRoles& roles, const Uuid& id) {
  const std::size_t place = place_of(roles, id);
  return place == roles.by_id.size() || roles.by_id[place]->id != id ? nullptr
                                                                     : roles.by_id[place].get();
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
  put(roles.by_name, entry, std::ranges::less(), role_name_of);
}

/// Places of roles that were met, each once.
class RoleCollector {
 public:
  explicit RoleCollector(const NamedRoles& roles) : roles_(roles), met_(roles.by_id.size()) {}

  /// The role and all within it that were not met before.
  void collect(const NamedRole& role, std::vector<const NamedRole*>& found) {
    const std::size_t place = place_of(roles_, role.id);
    if (met_[place]) return;
    met_[place] = true;
    found.push_back(&role);
    for (const Uuid& id : role.inner)
      if (const NamedRole* inner = find_role(roles_, id)) collect(*inner, found);
  }

 private:
  const NamedRoles& roles_;
  std::vector<bool> met_;
};

/// For each role the places of those it holds itself, or of those that hold it.
using Links = std::vector<std::vector<std::size_t>>;
enum class Way { down, up };

Links links_of(const NamedRoles& roles, Way way) {
  Links links(roles.by_id.size());
  for (std::size_t outer = 0; outer < links.size(); ++outer)
    for (const Uuid& id : roles.by_id[outer]->inner) {
      const std::size_t inner = place_of(roles, id);
      if (inner == links.size() || roles.by_id[inner]->id != id) continue;
      way == Way::down ? links[outer].push_back(inner) : links[inner].push_back(outer);
    }
  return links;
}

/// Each role once, however many ways lead to it.
std::size_t depth(const Links& links, std::size_t place,
                  std::vector<std::optional<std::size_t>>& known) {
  if (known[place]) return *known[place];
  std::size_t deepest = 0;
  for (const std::size_t next : links[place])
    deepest = std::max(deepest, 1 + depth(links, next, known));
  known[place] = deepest;
  return deepest;
}

std::size_t depth(const NamedRoles& roles, const NamedRole& role, Way way) {
  std::vector<std::optional<std::size_t>> known(roles.by_id.size());
  return depth(links_of(roles, way), place_of(roles, role.id), known);
}

}  // namespace

const NamedRole* find_role(const Tenant& tenant, const Uuid& id) {
  return tenant.roles == nullptr ? nullptr : find_role(*tenant.roles, id);
}

const NamedRole* find_role(const Tenant& tenant, std::string_view name) {
  if (tenant.roles == nullptr) return nullptr;
  const auto& entries = tenant.roles->by_name;
  const auto place = std::ranges::lower_bound(entries, name, {}, role_name_of);
  return place == entries.end() || (*place)->name != name ? nullptr : place->get();
}

std::vector<const NamedRole*> roles_within(const NamedRoles& roles, const NamedRole& role) {
  std::vector<const NamedRole*> found;
  RoleCollector(roles).collect(role, found);
  return found;
}

bool reaches(const NamedRoles& roles, const NamedRole& role, const Uuid& id) {
  return std::ranges::any_of(roles_within(roles, role),
                             [&](const NamedRole* part) { return part->id == id; });
}

std::vector<GrantHolder> roles_held(const Tenant& tenant, const User& user, std::size_t from) {
  std::vector<GrantHolder> held;
  if (tenant.roles == nullptr) return held;
  const std::vector<RoleHeld>& own = extras_of(user).roles;
  RoleCollector seen(*tenant.roles);
  std::vector<const NamedRole*> found;
  for (std::size_t place = 0; place < own.size(); ++place) {
    found.clear();
    if (const NamedRole* role = find_role(*tenant.roles, own[place].role))
      seen.collect(*role, found);
    if (place < from) continue;
    for (const NamedRole* role : found) held.push_back({*role->grants, role, place + 1});
  }
  return held;
}

// ---- reach

RoleReach::RoleReach(const NamedRoles& roles) : roles_(roles), rows_(roles.by_id.size()) {
  // Most have none within, which is seen at a glance.
  work_ = rows_.size() / 16;
  for (std::size_t place = 0; place < rows_.size(); ++place) fill(place);
}

std::size_t RoleReach::place_of(const Uuid& id) const { return domain::place_of(roles_, id); }

constexpr std::size_t bits = 64;

/// What lies within a role is filled first: roles hold each other in no ring.
const RoleReach::Row& RoleReach::fill(std::size_t place) {
  const NamedRole& role = *roles_.by_id[place];
  Row& row = rows_[place];
  if (role.inner.empty() || !row.empty()) return row;
  row.resize((rows_.size() + bits - 1) / bits);
  row[place / bits] |= std::uint64_t{1} << place % bits;
  for (const Uuid& id : role.inner) {
    const std::size_t inner = place_of(id);
    if (inner == rows_.size() || roles_.by_id[inner]->id != id) continue;
    ++work_;
    row[inner / bits] |= std::uint64_t{1} << inner % bits;
    const Row& within = fill(inner);
    for (std::size_t word = 0; word < within.size(); ++word) row[word] |= within[word];
  }
  return row;
}

std::vector<const NamedRole*> RoleReach::above(const Uuid& id) const {
  const std::size_t wanted = place_of(id);
  std::vector<const NamedRole*> found;
  for (std::size_t place = 0; place < rows_.size(); ++place) {
    const Row& row = rows_[place];
    const bool has = !row.empty() && (row[wanted / bits] >> wanted % bits & 1U) != 0;
    if (place == wanted || has) found.push_back(roles_.by_id[place].get());
  }
  return found;
}

std::size_t RoleReach::size(const NamedRole& role, const NamedRole* with) const {
  Row all((rows_.size() + bits - 1) / bits);
  for (const NamedRole* part : {&role, with}) {
    if (part == nullptr) continue;
    const std::size_t place = place_of(part->id);
    all[place / bits] |= std::uint64_t{1} << place % bits;
    for (std::size_t word = 0; word < rows_[place].size(); ++word) all[word] |= rows_[place][word];
  }
  std::size_t count = 0;
  for (std::size_t word = 0; word < all.size(); ++word)
    for (std::uint64_t left = all[word]; left != 0; left &= left - 1)
      count += roles_.by_id[word * bits + static_cast<std::size_t>(std::countr_zero(left))]
                   ->grants->size();
  return count;
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
  return depth(roles, role, Way::down);
}

std::size_t depth_above(const NamedRoles& roles, const NamedRole& role) {
  return depth(roles, role, Way::up);
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

std::shared_ptr<const NamedRoles> with_role(const NamedRoles* roles, NamedRole role) {
  auto made =
      roles == nullptr ? std::make_shared<NamedRoles>() : std::make_shared<NamedRoles>(*roles);
  put(*made, std::move(role));
  return made;
}

std::shared_ptr<const NamedRoles> with_roles(std::vector<NamedRole> roles) {
  auto made = std::make_shared<NamedRoles>();
  for (NamedRole& role : roles) put(*made, std::move(role));
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
