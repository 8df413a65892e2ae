#include "daemon/view/access_matrix.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "daemon/domain/authorize.h"
#include "daemon/domain/catalogue.h"
#include "daemon/domain/path.h"

namespace postern::view {

namespace {

/// An area and an action; both borrow from the entries.
struct Cell {
  std::string_view area;
  std::string_view action;

  auto operator<=>(const Cell&) const = default;
};

struct Count {
  std::uint64_t whole = 0;
  std::uint64_t part = 0;
};

/// The kind and the segment below it.
std::string_view area_of(std::string_view path) {
  const std::size_t first = path.find('/');
  if (first == std::string_view::npos) return path;
  return path.substr(0, path.find('/', first + 1));
}

bool names_more_than(std::string_view path, std::string_view area) {
  return path.size() > area.size();
}

bool is_in_force(const domain::Conditions* conditions, std::int64_t now_ns) {
  if (conditions == nullptr) return true;
  return (!conditions->not_before_ns || *conditions->not_before_ns <= now_ns) &&
         (!conditions->not_after_ns || *conditions->not_after_ns > now_ns);
}

/// Calls `visit` with each action that an allow of this one is of: itself, what it implies (A6), or
/// every one of the kind.
template <class Visitor>
void visit_actions(const domain::CatalogueKind* kind, std::string_view granted, Visitor visit) {
  if (kind == nullptr) return visit(granted);
  for (const domain::CatalogueAction& action : kind->actions)
    if (granted == "*" || granted == action.name ||
        std::ranges::find(action.implied_by, granted) != action.implied_by.end())
      visit(std::string_view(action.name));
}

/// One tenant's, user by user.
class Counting {
 public:
  Counting(const domain::Tenant& tenant, std::int64_t now_ns) : tenant_(tenant) {
    call_.now_ns = now_ns;
    call_.tls = true;
    call_.tls_told = true;
  }

  void note_areas(const domain::User& user) {
    visit_allows(user, [&](const domain::Grant& grant) {
      areas_[domain::kind_of(*grant.resource)].insert(area_of(*grant.resource));
    });
  }

  void add(const domain::User& user) {
    for (const auto& [cell, is_covered] : held_by(user)) {
      Count& count = counts_[cell];
      switch (denied(user, cell)) {
        case domain::Bearing::deny:
          break;
        case domain::Bearing::deny_below:
          ++count.part;
          break;
        case domain::Bearing::none:
        case domain::Bearing::allow:
        case domain::Bearing::unmet:
          ++(is_covered ? count.whole : count.part);
          break;
      }
    }
  }

  const std::map<Cell, Count>& counts() const { return counts_; }

 private:
  template <class Visitor>
  void visit_allows(const domain::User& user, Visitor visit) const {
    domain::visit_holders(tenant_, user, [&](const domain::GrantHolder& holder) {
      for (const domain::Grant& grant : holder.grants.sorted())
        if (!grant.deny && is_in_force(domain::conditions_of(holder.grants, grant), call_.now_ns))
          visit(grant);
    });
  }

  /// What the user's allows are of, each with whether one is of all of the area.
  std::map<Cell, bool> held_by(const domain::User& user) const {
    std::map<Cell, bool> held;
    visit_allows(user, [&](const domain::Grant& grant) {
      const std::string_view path = *grant.resource;
      const std::string_view kind = domain::kind_of(path);
      const auto put = [&](std::string_view area) {
        visit_actions(domain::find_kind(*tenant_.catalogue, kind), *grant.action,
                      [&](std::string_view action) {
                        held[{area, action}] |= !names_more_than(path, area);
                      });
      };
      put(area_of(path));
      if (path != kind) return;
      for (const std::string_view area : areas_.at(kind)) put(area);
    });
    return held;
  }

  /// Whether a deny stands on the area or above it, or below it.
  domain::Bearing denied(const domain::User& user, const Cell& cell) const {
    auto worst = domain::Bearing::none;
    // No path has a `*`; who holds it is counted as if nothing were denied.
    if (cell.area.find('*') != std::string_view::npos) return worst;
    const domain::AccessRequest asked{cell.action, {}, cell.area};
    domain::visit_holders(tenant_, user, [&](const domain::GrantHolder& holder) {
      const domain::Matches found = domain::match(holder.grants, asked, call_);
      if (found.deny != nullptr)
        worst = domain::Bearing::deny;
      else if (found.deny_below != nullptr && worst == domain::Bearing::none)
        worst = domain::Bearing::deny_below;
    });
    return worst;
  }

  const domain::Tenant& tenant_;
  domain::CallFacts call_;
  /// By kind.
  std::map<std::string_view, std::set<std::string_view>> areas_;
  std::map<Cell, Count> counts_;
};

/// Those that most users reach.
std::set<std::string_view> most_reached(const std::map<Cell, Count>& counts,
                                        std::size_t areas_max) {
  std::map<std::string_view, std::uint64_t> reached;
  for (const auto& [cell, count] : counts) reached[cell.area] += count.whole + count.part;
  std::vector<std::pair<std::uint64_t, std::string_view>> areas;
  for (const auto& [area, sum] : reached) areas.emplace_back(sum, area);
  std::ranges::stable_sort(areas, std::greater(), &decltype(areas)::value_type::first);
  areas.resize(std::min(areas.size(), areas_max));
  std::set<std::string_view> most;
  for (const auto& [sum, area] : areas) most.insert(area);
  return most;
}

}  // namespace

AccessMatrix access_matrix(const domain::Tenant& tenant,
                           const std::vector<const domain::User*>& users, std::int64_t now_ns,
                           std::size_t areas_max) {
  Counting counting(tenant, now_ns);
  for (const domain::User* user : users) counting.note_areas(*user);
  for (const domain::User* user : users) counting.add(*user);
  const std::set<std::string_view> told = most_reached(counting.counts(), areas_max);
  AccessMatrix matrix;
  for (const auto& [cell, count] : counting.counts()) {
    if (!told.contains(cell.area)) {
      ++matrix.left_out;
      continue;
    }
    auto& made = matrix.cells.emplace_back(std::make_unique<schema::AccessCellT>());
    made->area = cell.area;
    made->action = cell.action;
    made->whole = count.whole;
    made->part = count.part;
  }
  return matrix;
}

}  // namespace postern::view
