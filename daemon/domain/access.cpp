#include "daemon/domain/access.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <tuple>
#include <type_traits>

#include "daemon/domain/conditions.h"
#include "daemon/domain/equal_texts.h"
#include "daemon/domain/path.h"

namespace postern::domain {

namespace {

auto order_of(const Grant& grant) {
  return std::tuple(static_cast<bool>(grant.wildcard), std::string_view(*grant.resource),
                    std::string_view(*grant.action), static_cast<bool>(grant.deny));
}

/// Of an action that is not named: a deny is of its own alone; who may do an action may do what it
/// implies too.
[[gnu::noinline]] bool speaks_of_another(std::string_view action, bool deny,
                                         const AccessRequest& asked) {
  return equal_texts(action, "*") ||
         (!deny && !asked.implied_by.empty() &&
          std::ranges::find(asked.implied_by, action) != asked.implied_by.end());
}
[[gnu::always_inline]] inline bool speaks_of(std::string_view action, bool deny,
                                             const AccessRequest& asked) {
  return equal_texts(action, asked.action) || speaks_of_another(action, deny, asked);
}
bool speaks_of(const Grant& grant, const AccessRequest& asked) {
  return speaks_of(*grant.action, grant.deny, asked);
}

bool counts(const Grants& grants, const Grant& grant, const CallFacts& call) {
  return !grant.conditional || are_in_force(conditions_of(grants, grant), grant.deny != 0, call);
}
bool counts(const Grants& grants, GrantPointer grant, const CallFacts& call) {
  return !grant.is_conditional() || counts(grants, *grant, call);
}

/// One match: of denies the first in the order of paths stays, else the first that was found.
[[gnu::noinline]] void keep_any(const Grants& grants, GrantPointer place, const CallFacts& call,
                                Matches& found) {
  const bool deny = place.denies();
  const bool met = counts(grants, place, call);
  if (deny && !met) return;
  GrantPointer& slot = deny ? found.deny : met ? found.allow : found.unmet;
  if (slot == nullptr || (deny && precedes(*place, *slot))) slot = place;
}

/// The same: most are allows without conditions.
void keep(const Grants& grants, GrantPointer place, const CallFacts& call, Matches& found) {
  if (place.denies() || place.is_conditional()) return keep_any(grants, place, call, found);
  if (found.allow == nullptr) found.allow = place;
}

using Place = GrantPlace;

/// A place in a list that lies in one part, as almost every user's does.
class PlaceInPart {
 public:
  using value_type = Grant;
  using difference_type = std::ptrdiff_t;
  using iterator_category = std::random_access_iterator_tag;
  using reference = Grant;
  using pointer = GrantPointer::Arrow;

  PlaceInPart(const Grants& part, std::size_t place) : part_(&part), place_(place) {}

  Grant operator*() const { return part_->at(place_); }
  GrantPointer::Arrow operator->() const { return GrantPointer::Arrow(**this); }
  GrantPointer pointer_to() const { return {*part_, place_}; }
  PlaceInPart& operator++() {
    ++place_;
    return *this;
  }
  PlaceInPart& operator--() {
    --place_;
    return *this;
  }
  PlaceInPart& operator+=(std::ptrdiff_t count) {
    place_ += static_cast<std::size_t>(count);
    return *this;
  }
  friend std::ptrdiff_t operator-(const PlaceInPart& left, const PlaceInPart& right) {
    return static_cast<std::ptrdiff_t>(left.place_) - static_cast<std::ptrdiff_t>(right.place_);
  }
  bool operator==(const PlaceInPart& other) const { return place_ == other.place_; }

 private:
  const Grants* part_;
  std::size_t place_;
};

GrantPointer pointer_to(const Place& place) { return place.to_pointer(); }
GrantPointer pointer_to(const PlaceInPart& place) { return place.pointer_to(); }

/// One part of the sorted grants: those with one resource, or all below a path.
template <class At>
struct Part {
  At from;
  At to;
  bool empty() const { return from == to; }
};
using Range = Part<Place>;

template <class Before>
Place partition_point(const Grants& grants, const Range& within, Before before) {
  return grants.sorted().partition_point(within.from, within.to, before);
}
template <class Before>
PlaceInPart partition_point(const Grants&, const Part<PlaceInPart>& within, Before before) {
  return std::partition_point(within.from, within.to, before);
}

/// The first grant whose resource is not before `text`.
template <class At>
At lower_bound(const Grants& grants, const Part<At>& within, std::string_view text) {
  return partition_point(
      grants, within, [&](const Grant& grant) { return std::string_view(*grant.resource) < text; });
}

/// All below a path start with it and '/', before what goes on with '0'. `path` is as before then.
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
    if (!visitor(place)) return false;
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
  [[gnu::noinline]] void plain(const Range& all) {
    if (all.empty()) return;
    for (std::string_view place = asked_.path; !place.empty(); place = parent_of(place))
      visit_at(all, place, [&](const At& at) { keep(grants_, pointer_to(at), call_, found_); });
    if (asked_.this_level_only || found_.deny != nullptr) return;
    std::string path(asked_.path);
    deny_below(below(all, path));
  }

  /// The same by the marks: of those that lie elsewhere almost no text is looked at.
  void plain_by_marks(const Range& all, const MarkIndex* index) {
    if (all.empty()) return;
    const MarkSummary& summary = grants_.mark_summary();
    const PathLevels& levels = *asked_.levels;
    found_.work += levels.size();
    if (index != nullptr)
      keep_indexed(*index, levels);
    else
      for (std::size_t level = levels.size(); level > 0; --level)
        if (summary.may_have(levels[level - 1].mark))
          keep_marked(grants_.marks(), levels[level - 1]);
    if (asked_.this_level_only || found_.deny != nullptr) return;
    if (summary.may_deny_below(levels[levels.size() - 1].mark)) deny_below(all);
  }

  /// Of all with `*`: along the path each next segment is itself or a star, so that only what
  /// begins like the path is looked at. The first in order are named, as if all were tried.
  [[gnu::noinline]] void wild(const Range& all) {
    if (grants_.size() - grants_.plain_count() <= tried_one_by_one_max) return try_each(all);
    Matches best;
    const std::size_t first = asked_.path.find('/');
    std::string place(asked_.path.substr(0, first));
    follow(below(all, place), place, first, best);
    const auto take = [](GrantPointer& slot, GrantPointer grant) {
      if (slot == nullptr) slot = grant;
    };
    take(found_.deny, best.deny);
    take(found_.deny_below, best.deny_below);
    take(found_.allow, best.allow);
    take(found_.unmet, best.unmet);
  }

 private:
  /// The grants of one resource.
  template <class Visitor>
  void visit_at(const Range& within, std::string_view resource, Visitor visitor) {
    found_.work += search_work;
    domain::visit_at(grants_, within, resource, [&](const At& at) {
      ++found_.work;
      if (speaks_of(*at, asked_)) visitor(at);
      return true;
    });
  }
  Range below(const Range& within, std::string& path) {
    found_.work += search_work;
    return part_below(grants_, within, path);
  }

  void keep_marked(std::span<const PlaceMark> marks, const PathLevels::Level& level) {
    found_.work += marks.size() / marks_in_a_step;
    constexpr std::size_t together = 64;
    std::size_t from = 0;
    for (; from + together < marks.size(); from += together)
      keep_found(marked(marks.data() + from, together, level.mark), from, level.size);
    keep_found(marked(marks.data() + from, marks.size() - from, level.mark), from, level.size);
  }

  /// `found`: a bit for each from there on that may lie at the first so many bytes of the path.
  [[gnu::noinline]] void keep_found(std::uint64_t found, std::size_t from, std::size_t path_bytes) {
    for (; found != 0; found &= found - 1)
      keep_if_at(from + static_cast<std::size_t>(std::countr_zero(found)), path_bytes);
  }
  void keep_indexed(const MarkIndex& index, const PathLevels& levels) {
    for (std::size_t level = levels.size(); level > 0; --level)
      index.visit(levels[level - 1].mark,
                  [&](std::size_t at) { keep_if_at(at, levels[level - 1].size); });
  }
  /// What may lie at the first so many bytes of the path.
  void keep_if_at(std::size_t at, std::size_t path_bytes) {
    const Right& right = grants_.right_at(at);
    if (equal_texts(right.text(), {asked_.path.data(), path_bytes}) &&
        speaks_of(*right.action, grants_.denies_at(at), asked_))
      keep(grants_, {grants_, at}, call_, found_);
  }

  void try_each(const Range& range) {
    for (At place = range.from; place != range.to; ++place) {
      ++found_.work;
      const Grant grant = *place;
      if (!speaks_of(grant, asked_)) continue;
      const Lie lie = lie_of(asked_.path, *grant.resource);
      if (lie == Lie::covered)
        keep(grants_, pointer_to(place), call_, found_);
      else if (lie == Lie::above && grant.deny && !asked_.this_level_only &&
               found_.deny_below == nullptr && counts(grants_, grant, call_))
        found_.deny_below = pointer_to(place);
    }
  }

  [[gnu::noinline]] void deny_below(const Range& range) {
    for (At place = range.from; place != range.to && found_.deny_below == nullptr; ++place) {
      ++found_.work;
      if (!pointer_to(place).denies()) continue;
      const Grant grant = *place;
      if (is_below(*grant.resource, asked_.path) && speaks_of(grant, asked_) &&
          counts(grants_, grant, call_))
        found_.deny_below = pointer_to(place);
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
      visit_at(range, place, [&](const At& at) { keep_first(pointer_to(at), best); });
      follow(below(range, place), place, next, best);
      place.resize(before);
    }
  }
  void follow_below(const Range& range, Matches& best) {
    if (asked_.this_level_only || found_.deny != nullptr || found_.deny_below != nullptr) return;
    for (At place = range.from; place != range.to; ++place) {
      ++found_.work;
      const Grant grant = *place;
      if (best.deny_below != nullptr && precedes(*best.deny_below, grant)) return;
      if (!grant.deny || !speaks_of(grant, asked_) || !counts(grants_, grant, call_)) continue;
      best.deny_below = pointer_to(place);
      return;
    }
  }
  void keep_first(GrantPointer place, Matches& best) {
    Matches one;
    keep(grants_, place, call_, one);
    const auto take = [](GrantPointer& slot, GrantPointer found) {
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
  const GrantSequence<Grant> sorted = grants.sorted();
  const Place from =
      sorted.partition_point([&](const Grant& grant) { return order_of(grant) < wanted; });
  return {from, sorted.partition_point(from, sorted.end(), [&](const Grant& grant) {
            return order_of(grant) <= wanted;
          })};
}

std::pair<Seq, std::uint64_t> name_of(const ConditionsOfGrant& entry) {
  return {entry.seq, entry.index};
}

Chunked<ConditionsOfGrant>::Iterator find_conditions(const Grants& grants,
                                                     const std::pair<Seq, std::uint64_t>& name) {
  return grants.conditions().partition_point(
      [&](const ConditionsOfGrant& entry) { return name_of(entry) < name; });
}

SharedGrants without(const Grants& grants, const Place& place) {
  const Grant gone = *place;
  const Chunked<ConditionsOfGrant>& conditions = grants.conditions();
  if (!gone.conditional) return grants.without(place, conditions);
  const std::pair<Seq, std::uint64_t> name(gone.seq, gone.index);
  const auto entry = find_conditions(grants, name);
  const bool is_there = entry != conditions.end() && name_of(*entry) == name;
  return grants.without(place, is_there ? conditions.without(entry) : conditions);
}

}  // namespace

SharedGrants with_grant(const Grants& grants, const Grant& grant, Rights& rights,
                        const Conditions* conditions) {
  const auto order = order_of(grant);
  const Place place =
      grants.sorted().partition_point([&](const Grant& held) { return order_of(held) <= order; });
  // The newest grant is the last by seq and index too.
  const Chunked<ConditionsOfGrant>& held = grants.conditions();
  return grants.with(
      place, grant, rights,
      conditions == nullptr
          ? held
          : held.with(held.end(),
                      {grant.seq, static_cast<std::uint16_t>(grant.index), *conditions}));
}

SharedGrants without_grant(const Grants& grants, Seq seq, std::uint64_t index) {
  const GrantSequence<Grant> sorted = grants.sorted();
  for (Place place = sorted.begin(); place != sorted.end(); ++place)
    if (place->seq == seq && place->index == index) return without(grants, place);
  return SharedGrants(&grants);
}

SharedGrants without_grant(const Grants& grants, const GrantName& name) {
  const Range range = same_text(grants, name.effect, name.action, name.resource);
  for (Place place = range.from; place != range.to; ++place)
    if (place->seq == name.seq && place->index == name.index) return without(grants, place);
  return without_grant(grants, name.seq, name.index);
}

std::vector<GrantPointer> find_grants(const Grants& grants, schema::Effect effect,
                                      std::string_view action, std::string_view resource) {
  std::vector<GrantPointer> found;
  const Range range = same_text(grants, effect, action, resource);
  for (Place place = range.from; place != range.to; ++place) found.push_back(place.to_pointer());
  return found;
}

const Conditions* conditions_of(const Grants& grants, const Grant& grant) {
  if (!grant.conditional) return nullptr;
  const std::pair<Seq, std::uint64_t> name(grant.seq, grant.index);
  const auto place = find_conditions(grants, name);
  return place == grants.conditions().end() || name_of(*place) != name ? nullptr
                                                                       : &place->conditions;
}

bool visit_kind(const Grants& grants, std::string_view kind,
                const std::function<bool(const Grant&)>& visitor) {
  const GrantSequence<Grant> sorted = grants.sorted();
  const Place wild = sorted.nth(grants.plain_count());
  std::string path(kind);
  for (const Range& half : {Range{sorted.begin(), wild}, Range{wild, sorted.end()}}) {
    if (!visit_at(grants, half, kind, [&](const Place& place) { return visitor(*place); }))
      return false;
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

Matches match(const Grants& grants, const AccessRequest& asked, const CallFacts& call,
              const MarkIndex* index) {
  Matches found;
  if (grants.in_one_part()) {
    Search<PlaceInPart> search(grants, asked, call, found);
    const auto at = [&](std::size_t place) { return PlaceInPart(grants, place); };
    const Part<PlaceInPart> plain{at(0), at(grants.plain_count())};
    if (asked.levels != nullptr)
      search.plain_by_marks(plain, index);
    else
      search.plain(plain);
    if (grants.plain_count() != grants.size()) search.wild({plain.to, at(grants.size())});
  } else {
    const GrantSequence<Grant> sorted = grants.sorted();
    Search<Place> search(grants, asked, call, found);
    const Range plain{sorted.begin(), sorted.nth(grants.plain_count())};
    search.plain(plain);
    if (grants.plain_count() != grants.size()) search.wild({plain.to, sorted.end()});
  }
  return found;
}

void fetch_ahead(const Grants& grants, const AccessRequest& asked) {
  if (asked.levels == nullptr) return;
  const auto marks = grants.marks().first(std::min(grants.marks().size(), std::size_t{64}));
  for (std::size_t level = 0; level < asked.levels->size(); ++level) {
    std::uint64_t found = marked(marks.data(), marks.size(), (*asked.levels)[level].mark);
    for (; found != 0; found &= found - 1)
      __builtin_prefetch(&grants.right_at(static_cast<std::size_t>(std::countr_zero(found))));
  }
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
