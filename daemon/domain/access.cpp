#include "daemon/domain/access.h"

#include <algorithm>
#include <span>
#include <tuple>
#include <type_traits>

#include "daemon/domain/conditions.h"
#include "daemon/domain/path.h"

namespace postern::domain {

namespace {

auto order_of(const Grant& grant) {
  return std::tuple(static_cast<bool>(grant.wildcard), std::string_view(*grant.resource),
                    std::string_view(*grant.action), static_cast<bool>(grant.deny));
}

/// A deny is of its own action; who may do an action may do what it implies too.
bool speaks_of(const Grant& grant, const AccessRequest& asked) {
  const std::string_view action = *grant.action;
  return action == asked.action || action == "*" ||
         (!grant.deny && !asked.implied_by.empty() &&
          std::ranges::find(asked.implied_by, action) != asked.implied_by.end());
}

bool counts(const Grants& grants, const Grant& grant, const CallFacts& call) {
  return !grant.conditional || are_in_force(conditions_of(grants, grant), grant.deny != 0, call);
}

/// One match: of denies the first in the order of paths stays, else the first that was found.
void keep(const Grants& grants, const Grant& grant, const CallFacts& call, Matches& found) {
  const bool met = counts(grants, grant, call);
  if (grant.deny && !met) return;
  const Grant*& slot = grant.deny ? found.deny : met ? found.allow : found.unmet;
  if (slot == nullptr || (grant.deny && precedes(grant, *slot))) slot = &grant;
}

using Place = Chunked<Grant>::Iterator;

/// One part of the sorted grants: those with one resource, or all below a path. Where all lie in
/// one chunk, as almost every user's do, a place is a pointer.
template <class At>
struct Part {
  At from;
  At to;

  bool empty() const { return from == to; }
};
using Range = Part<Place>;

template <class Before>
Place partition_point(const Grants& grants, const Range& within, Before before) {
  return grants.sorted.partition_point(within.from, within.to, before);
}
template <class Before>
const Grant* partition_point(const Grants&, const Part<const Grant*>& within, Before before) {
  return std::partition_point(within.from, within.to, before);
}

/// The first grant whose resource is not before `text`.
template <class At>
At lower_bound(const Grants& grants, const Part<At>& within, std::string_view text) {
  return partition_point(
      grants, within, [&](const Grant& grant) { return std::string_view(*grant.resource) < text; });
}

/// All below a path start with it and a '/', and so lie together, before what goes on with the next
/// character. `path` is as before afterwards.
template <class At>
Part<At> part_below(const Grants& grants, const Part<At>& within, std::string& path) {
  static_assert('/' + 1 == '0');
  path.push_back('/');
  Part<At> part{lower_bound(grants, within, path), within.to};
  const bool is_there = part.from != within.to && part.from->resource->starts_with(path);
  path.back() = '0';
  part.to = is_there ? lower_bound(grants, part, path) : part.from;
  path.pop_back();
  return part;
}

/// Those of one resource, until the visitor says false; false if it did.
template <class At, class Visitor>
bool visit_at(const Grants& grants, const Part<At>& within, std::string_view resource,
              Visitor visitor) {
  for (At place = lower_bound(grants, within, resource);
       place != within.to && *place->resource == resource; ++place)
    if (!visitor(*place)) return false;
  return true;
}

/// About what a search compares.
constexpr std::size_t search_work = 4;
/// So few grants with `*` are looked at sooner than searched.
constexpr std::size_t tried_one_by_one_max = 32;

/// So many marks are compared in the time that one grant is looked at.
constexpr std::size_t marks_in_a_step = 8;

bool is_below(std::string_view resource, std::string_view path) {
  return resource.size() > path.size() && resource[path.size()] == '/' &&
         resource.starts_with(path);
}

/// What is asked of one list of grants, and what was found so far.
template <class At>
class Search {
  using Range = Part<At>;

 public:
  Search(const Grants& grants, const AccessRequest& asked, const CallFacts& call, Matches& found)
      : grants_(grants), asked_(asked), call_(call), found_(found) {}

  /// Of all without `*`.
  void plain(const Range& all) {
    if (all.empty()) return;
    if constexpr (std::is_pointer_v<At>)
      if (asked_.levels != nullptr) return plain_by_marks(all);
    for (std::string_view place = asked_.path; !place.empty(); place = parent_of(place))
      visit_at(all, place, [&](const Grant& grant) { keep(grants_, grant, call_, found_); });
    if (asked_.this_level_only || found_.deny != nullptr) return;
    std::string path(asked_.path);
    deny_below(below(all, path));
  }

  /// Of all with `*`: along the path each next segment is itself or a star, so that only what
  /// begins like the path is looked at. The first in order are named, as if all were tried.
  void wild(const Range& all) {
    if (all.empty()) return;
    if (grants_.size() - grants_.plain_count <= tried_one_by_one_max) return try_each(all);
    Matches best;
    const std::size_t first = asked_.path.find('/');
    std::string place(asked_.path.substr(0, first));
    follow(below(all, place), place, first, best);
    const auto take = [](const Grant*& slot, const Grant* grant) {
      if (slot == nullptr) slot = grant;
    };
    take(found_.deny, best.deny);
    take(found_.deny_below, best.deny_below);
    take(found_.allow, best.allow);
    take(found_.unmet, best.unmet);
  }

 private:
  template <class Visitor>
  void visit(const Range& range, Visitor visitor) {
    for (At place = range.from; place != range.to; ++place) {
      ++found_.work;
      if (speaks_of(*place, asked_)) visitor(*place);
    }
  }

  /// The grants of one resource.
  template <class Visitor>
  void visit_at(const Range& within, std::string_view resource, Visitor visitor) {
    found_.work += search_work;
    domain::visit_at(grants_, within, resource, [&](const Grant& grant) {
      ++found_.work;
      if (speaks_of(grant, asked_)) visitor(grant);
      return true;
    });
  }
  Range below(const Range& within, std::string& path) {
    found_.work += search_work;
    return part_below(grants_, within, path);
  }

  /// The same by the marks: of those that lie elsewhere almost no text is looked at.
  void plain_by_marks(const Part<const Grant*>& all) {
    const GrantMarks& marks = grants_.marks;
    for (std::size_t level = asked_.levels->size(); level > 0; --level) {
      const auto [mark, size] = (*asked_.levels)[level - 1];
      found_.work += 1;
      if ((marks.summary & GrantMarks::bit_of(mark)) == 0) continue;
      found_.work += marks.each.size() / marks_in_a_step;
      const std::string_view place = asked_.path.substr(0, size);
      for_each_marked(mark, ~GrantMarks::denies, [&](std::size_t number) {
        const Grant& grant = all.from[number];
        if (*grant.resource == place && speaks_of(grant, asked_))
          keep(grants_, grant, call_, found_);
        return true;
      });
    }
    if (asked_.this_level_only || found_.deny != nullptr) return;
    for_each_marked(GrantMarks::denies, GrantMarks::denies, [&](std::size_t number) {
      const Grant& grant = all.from[number];
      const bool denies = is_below(*grant.resource, asked_.path) && speaks_of(grant, asked_) &&
                          counts(grants_, grant, call_);
      if (denies) found_.deny_below = &grant;
      return !denies;
    });
  }

  /// Whose mark is this one in the bits of `bits`, until the visitor says false.
  template <class Visitor>
  void for_each_marked(std::uint32_t mark, std::uint32_t bits, Visitor visitor) {
    const std::vector<std::uint32_t>& marks = grants_.marks.each;
    for (std::size_t number = 0; number < marks.size(); ++number) {
      if (((marks[number] ^ mark) & bits) != 0) continue;
      ++found_.work;
      if (!visitor(number)) return;
    }
  }

  void try_each(const Range& range) {
    visit(range, [&](const Grant& grant) {
      const Lie lie = lie_of(asked_.path, *grant.resource);
      if (lie == Lie::covered)
        keep(grants_, grant, call_, found_);
      else if (lie == Lie::above && grant.deny && !asked_.this_level_only &&
               found_.deny_below == nullptr && counts(grants_, grant, call_))
        found_.deny_below = &grant;
    });
  }

  void deny_below(const Range& range) {
    for (At place = range.from; place != range.to && found_.deny_below == nullptr; ++place) {
      ++found_.work;
      if (place->deny && speaks_of(*place, asked_) && counts(grants_, *place, call_))
        found_.deny_below = &*place;
    }
  }

  /// `range`: all below `place`, which is the path up to `slash`, with stars in it or not.
  void follow(const Range& range, std::string& place, std::size_t slash, Matches& best) {
    if (range.empty()) return;
    if (slash == std::string_view::npos) return follow_below(range, best);
    const std::size_t next = asked_.path.find('/', slash + 1);
    const std::string_view segment =
        asked_.path.substr(slash + 1, next == std::string_view::npos ? next : next - slash - 1);
    const std::size_t before = place.size();
    for (const std::string_view step : {std::string_view("*"), segment}) {
      place.append("/").append(step);
      visit_at(range, place, [&](const Grant& grant) { keep_first(grant, best); });
      follow(below(range, place), place, next, best);
      place.resize(before);
    }
  }
  void follow_below(const Range& range, Matches& best) {
    if (asked_.this_level_only || found_.deny != nullptr || found_.deny_below != nullptr) return;
    for (At place = range.from; place != range.to; ++place) {
      ++found_.work;
      if (best.deny_below != nullptr && precedes(*best.deny_below, *place)) return;
      if (!place->deny || !speaks_of(*place, asked_) || !counts(grants_, *place, call_)) continue;
      best.deny_below = &*place;
      return;
    }
  }
  void keep_first(const Grant& grant, Matches& best) {
    Matches one;
    keep(grants_, grant, call_, one);
    const auto take = [](const Grant*& slot, const Grant* found) {
      if (found != nullptr && (slot == nullptr || precedes(*found, *slot))) slot = found;
    };
    take(best.deny, one.deny);
    take(best.allow, one.allow);
    take(best.unmet, one.unmet);
  }

  const Grants& grants_;
  const AccessRequest& asked_;
  const CallFacts& call_;
  Matches& found_;
};

Range same_text(const Grants& grants, schema::Effect effect, std::string_view action,
                std::string_view resource) {
  const std::tuple wanted(resource.find('*') != std::string_view::npos, resource, action,
                          effect == schema::Effect::deny);
  const Place from =
      grants.sorted.partition_point([&](const Grant& grant) { return order_of(grant) < wanted; });
  return {from, grants.sorted.partition_point(from, grants.sorted.end(), [&](const Grant& grant) {
            return order_of(grant) <= wanted;
          })};
}

std::pair<Seq, std::uint64_t> name_of(const ConditionsOfGrant& entry) {
  return {entry.seq, entry.index};
}

Chunked<ConditionsOfGrant>::Iterator find_conditions(const Grants& grants,
                                                     const std::pair<Seq, std::uint64_t>& name) {
  return grants.conditions.partition_point(
      [&](const ConditionsOfGrant& entry) { return name_of(entry) < name; });
}

std::uint32_t mark_of(const Grant& grant) {
  return domain::mark_of(*grant.resource) | (grant.deny ? GrantMarks::denies : 0U);
}

void add_mark(GrantMarks& marks, std::uint32_t mark) {
  marks.each.push_back(mark);
  marks.summary |= GrantMarks::bit_of(mark);
}

/// Those of `grants` with one more before this place, of which the grant is plain.
GrantMarks with_mark(const Grants& grants, std::size_t place, const Grant& grant) {
  GrantMarks made;
  made.each.reserve(grants.marks.each.size() + 1);
  made.summary = grants.marks.summary;
  const auto& each = grants.marks.each;
  const auto at = each.begin() + static_cast<std::ptrdiff_t>(place);
  made.each.assign(each.begin(), at);
  add_mark(made, mark_of(grant));
  made.each.insert(made.each.end(), at, each.end());
  return made;
}

/// Those of `grants` without the one at this place, of which the grant is plain.
GrantMarks without_mark(const Grants& grants, std::size_t place) {
  GrantMarks made;
  made.each.reserve(grants.marks.each.size() - 1);
  for (std::size_t number = 0; number < grants.marks.each.size(); ++number)
    if (number != place) add_mark(made, grants.marks.each[number]);
  return made;
}

/// Of those in one chunk.
std::size_t number_of(const Grants& grants, Place place) {
  return static_cast<std::size_t>(place.operator->() - grants.sorted.in_one_chunk());
}

std::shared_ptr<const Grants> without(const Grants& grants, Place place) {
  const bool plain = !place->wildcard;
  auto changed = std::make_shared<Grants>();
  changed->conditions = grants.conditions;
  if (place->conditional) {
    const std::pair<Seq, std::uint64_t> name(place->seq, place->index);
    const auto entry = find_conditions(grants, name);
    if (entry != grants.conditions.end() && name_of(*entry) == name)
      changed->conditions = grants.conditions.without(entry);
  }
  changed->sorted = grants.sorted.without(place);
  changed->plain_count = grants.plain_count - (plain ? 1 : 0);
  if (grants.sorted.in_one_chunk() == nullptr)
    mark(*changed);
  else
    changed->marks = plain ? without_mark(grants, number_of(grants, place)) : grants.marks;
  return changed;
}

}  // namespace

std::shared_ptr<const Grants> no_grants() {
  static const auto none = std::make_shared<const Grants>();
  return none;
}

void mark(Grants& grants) {
  grants.marks = {};
  const Grant* const first = grants.sorted.in_one_chunk();
  if (first == nullptr) return;
  grants.marks.each.reserve(grants.plain_count);
  for (const Grant& grant : std::span(first, grants.plain_count))
    add_mark(grants.marks, mark_of(grant));
}

std::shared_ptr<const Grants> with_grant(const Grants& grants, const Grant& grant,
                                         const Conditions* conditions) {
  const auto order = order_of(grant);
  auto changed = std::make_shared<Grants>();
  const Place place =
      grants.sorted.partition_point([&](const Grant& held) { return order_of(held) <= order; });
  changed->sorted = grants.sorted.with(place, grant);
  changed->plain_count = grants.plain_count + (grant.wildcard ? 0 : 1);
  if (changed->sorted.in_one_chunk() != nullptr) {
    const std::size_t number = grants.sorted.empty() ? 0 : number_of(grants, place);
    changed->marks = grant.wildcard ? grants.marks : with_mark(grants, number, grant);
  }
  changed->conditions = grants.conditions;
  // The newest grant is the last by seq and index too.
  if (conditions != nullptr)
    changed->conditions = grants.conditions.with(
        grants.conditions.end(), {grant.seq, static_cast<std::uint16_t>(grant.index), *conditions});
  return changed;
}

std::shared_ptr<const Grants> without_grant(const Grants& grants, Seq seq, std::uint64_t index) {
  for (Place place = grants.sorted.begin(); place != grants.sorted.end(); ++place)
    if (place->seq == seq && place->index == index) return without(grants, place);
  return std::make_shared<const Grants>(grants);
}

std::shared_ptr<const Grants> without_grant(const Grants& grants, const GrantName& name) {
  const Range range = same_text(grants, name.effect, name.action, name.resource);
  for (Place place = range.from; place != range.to; ++place)
    if (place->seq == name.seq && place->index == name.index) return without(grants, place);
  return without_grant(grants, name.seq, name.index);
}

std::vector<const Grant*> find_grants(const Grants& grants, schema::Effect effect,
                                      std::string_view action, std::string_view resource) {
  std::vector<const Grant*> found;
  const Range range = same_text(grants, effect, action, resource);
  for (Place place = range.from; place != range.to; ++place) found.push_back(&*place);
  return found;
}

const Conditions* conditions_of(const Grants& grants, const Grant& grant) {
  if (!grant.conditional) return nullptr;
  const std::pair<Seq, std::uint64_t> name(grant.seq, grant.index);
  const auto place = find_conditions(grants, name);
  return place == grants.conditions.end() || name_of(*place) != name ? nullptr : &place->conditions;
}

bool visit_kind(const Grants& grants, std::string_view kind,
                const std::function<bool(const Grant&)>& visitor) {
  const Place wild = grants.sorted.nth(grants.plain_count);
  std::string path(kind);
  for (const Range& half : {Range{grants.sorted.begin(), wild}, Range{wild, grants.sorted.end()}}) {
    if (!visit_at(grants, half, kind, visitor)) return false;
    const Range part = part_below(grants, half, path);
    for (Place place = part.from; place != part.to; ++place)
      if (!visitor(*place)) return false;
  }
  return true;
}

bool precedes(const Grant& left, const Grant& right) {
  const auto whole = [](const Grant& grant) {
    return std::tuple_cat(order_of(grant),
                          std::tuple(std::uint64_t{grant.seq}, std::uint64_t{grant.index}));
  };
  return whole(left) < whole(right);
}

bool is_named_before(const Grant& left, const Grant& right) {
  if (left.wildcard != right.wildcard) return !left.wildcard;
  // Plain ones lie on one path, so the longer is the nearer.
  if (!left.wildcard && left.resource->size() != right.resource->size())
    return left.resource->size() > right.resource->size();
  return precedes(left, right);
}

Matches match(const Grants& grants, const AccessRequest& asked, const CallFacts& call) {
  Matches found;
  const auto search = [&](auto begin, auto wild, auto end) {
    Search<decltype(begin)> made(grants, asked, call, found);
    made.plain({begin, wild});
    made.wild({wild, end});
  };
  if (const Grant* all = grants.sorted.in_one_chunk())
    search(all, all + grants.plain_count, all + grants.size());
  else
    search(grants.sorted.begin(), grants.sorted.nth(grants.plain_count), grants.sorted.end());
  return found;
}

Bearing bearing_of(const Grants& grants, const Grant& grant, const AccessRequest& asked,
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
