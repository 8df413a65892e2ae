#include <algorithm>

#include "daemon/domain/catalogue.h"
#include "daemon/view/user_difference.h"

namespace postern::view {

namespace {

bool are_same(const domain::Grants& left, const domain::Grants& right) {
  return &left == &right ||
         (left.size() == right.size() &&
          std::equal(left.sorted().begin(), left.sorted().end(), right.sorted().begin(),
                     [](const domain::Grant& one, const domain::Grant& other) {
                       return !domain::precedes(one, other) && !domain::precedes(other, one);
                     }));
}

bool ask_alike(const domain::CatalogueKind& left, const domain::CatalogueKind& right) {
  return std::ranges::equal(
      left.actions, right.actions,
      [](const domain::CatalogueAction& one, const domain::CatalogueAction& other) {
        return one.name == other.name && one.implied_by == other.implied_by;
      });
}

/// Paths of either that are known, or open, in one alone.
std::vector<std::string_view> other_places(const domain::CatalogueKind& left,
                                           const domain::CatalogueKind& right) {
  std::vector<std::string_view> places;
  const auto add_those_of = [&](const domain::CatalogueKind& kind) {
    for (const domain::CatalogueResource& resource : kind.resources)
      if (domain::knows(left, resource.path) != domain::knows(right, resource.path) ||
          domain::is_open_at(left, resource.path) != domain::is_open_at(right, resource.path))
        places.emplace_back(resource.path);
  };
  if (left.resources == right.resources) return places;
  add_those_of(left);
  add_those_of(right);
  std::ranges::sort(places);
  places.erase(std::ranges::unique(places).begin(), places.end());
  return places;
}

}  // namespace

TenantDifference::TenantDifference(const domain::Tenant* before, const domain::Tenant* after) {
  if (before == nullptr || after == nullptr) return;
  if (before->catalogue != after->catalogue) compare_kinds(*before->catalogue, *after->catalogue);
  if (before->roles != after->roles) compare_roles(before->roles.get(), after->roles.get());
}

void TenantDifference::compare_kinds(const domain::Catalogue& before,
                                     const domain::Catalogue& after) {
  const auto compare = [&](std::string_view name) {
    const auto* left = domain::find_kind(before, name);
    const auto* right = domain::find_kind(after, name);
    if (left == nullptr || right == nullptr) {
      kinds_[name];
      return;
    }
    auto places = other_places(*left, *right);
    if (!ask_alike(*left, *right) || left->open != right->open || !places.empty())
      kinds_[name] = std::move(places);
  };
  for (const domain::CatalogueKind& kind : before) compare(kind.name);
  for (const domain::CatalogueKind& kind : after)
    if (domain::find_kind(before, kind.name) == nullptr) compare(kind.name);
}

void TenantDifference::compare_roles(const domain::NamedRoles* before,
                                     const domain::NamedRoles* after) {
  static const domain::NamedRoles none{};
  const domain::NamedRoles& old_roles = before == nullptr ? none : *before;
  const domain::NamedRoles& new_roles = after == nullptr ? none : *after;
  std::map<domain::Uuid, const domain::NamedRole*, ById> left;
  for (const auto& role : old_roles.by_id) left[role->id] = role.get();
  std::vector<domain::Uuid> other;
  for (const auto& role : new_roles.by_id) {
    const auto place = left.find(role->id);
    if (place == left.end()) {
      other.push_back(role->id);
      continue;
    }
    if (!are_same(*place->second->grants, *role->grants) || place->second->inner != role->inner)
      other.push_back(role->id);
    left.erase(place);
  }
  for (const auto& [id, role] : left) other.push_back(id);
  if (other.empty()) return;
  for (const domain::NamedRoles* roles : {&old_roles, &new_roles}) {
    const domain::RoleReach reach(*roles);
    for (const domain::Uuid& id : other) {
      const bool is_there =
          std::ranges::any_of(roles->by_id, [&](const auto& role) { return role->id == id; });
      if (!is_there) continue;
      for (const domain::NamedRole* role : reach.above(id)) roles_.insert(role->id);
    }
  }
}

const std::vector<std::string_view>& TenantDifference::places_of(std::string_view kind) const {
  static const std::vector<std::string_view> none;
  const auto place = kinds_.find(kind);
  return place == kinds_.end() ? none : place->second;
}

bool TenantDifference::touches(const domain::User& user) const {
  return !roles_.empty() &&
         std::ranges::any_of(domain::extras_of(user).roles, [&](const domain::RoleHeld& held) {
           return roles_.contains(held.role);
         });
}

}  // namespace postern::view
