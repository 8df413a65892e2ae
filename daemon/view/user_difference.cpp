#include "daemon/view/user_difference.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "daemon/domain/catalogue.h"
#include "daemon/domain/conditions.h"
#include "daemon/domain/path.h"
#include "daemon/view/places.h"
#include "daemon/view/standing_difference.h"

namespace postern::view {

namespace {

using domain::Grant;
using domain::GrantPointer;
using domain::Grants;
using domain::Seq;
using schema::AccessChange;
using schema::Code;

struct Said {
  Level level = Level::none;
  Code code = Code::user_unknown;
  GrantPointer grant = nullptr;
  const std::string* role = nullptr;
  const domain::Conditions* conditions = nullptr;
};

/// Grants of the user itself, or of a role that it has.
struct Held {
  domain::Uuid role;
  const std::string* name = nullptr;
  const Grants* grants = nullptr;
  /// When its role was assigned; 0: the user itself.
  Seq since = 0;
  /// Within a role that was assigned.
  bool is_nested = false;
};

std::vector<Held> held_by(const UserAt& at) {
  std::vector<Held> held;
  if (at.tenant == nullptr || at.user == nullptr) return held;
  domain::visit_holders(*at.tenant, *at.user, [&](const domain::GrantHolder& holder) {
    Held one;
    one.grants = &holder.grants;
    if (holder.role != nullptr) {
      const domain::RoleHeld& way = domain::extras_of(*at.user).roles[holder.by_way_of - 1];
      one.role = holder.role->id;
      one.name = &holder.role->name;
      one.since = way.seq;
      one.is_nested = way.role != holder.role->id;
    }
    held.push_back(one);
  });
  return held;
}

const Held* find_held(const std::vector<Held>& held, const domain::Uuid& role) {
  const auto place = std::ranges::find(held, role, &Held::role);
  return place == held.end() ? nullptr : &*place;
}

bool begins_or_ends(const domain::Conditions& conditions, std::int64_t after_ns,
                    std::int64_t until_ns) {
  const auto lies_between = [&](const std::optional<std::int64_t>& time) {
    return time && *time >= after_ns && *time <= until_ns;
  };
  return lies_between(conditions.not_before_ns) || lies_between(conditions.not_after_ns);
}

/// One user: what was touched, where that may matter, and what is answered there.
class Comparison {
 public:
  Comparison(const UserAt& before, const UserAt& after, const TenantDifference& tenant,
             const Trail& trail, Seq before_seq)
      : before_(before),
        after_(after),
        tenant_(tenant),
        trail_(trail),
        before_seq_(before_seq),
        held_before_(held_by(before)),
        held_after_(held_by(after)) {}

  Differences made();

 private:
  /// One action at one place.
  struct Spot {
    std::string action;
    std::string place;

    auto operator<=>(const Spot&) const = default;
  };
  /// A spot whose answer differs.
  struct Found {
    AccessDifference line;
    Level from = Level::none;
    Level to = Level::none;
    bool merged = false;
  };

  void compare_standing();
  void find_touched();
  void find_touched(const Held& left, const Held& right);
  void touch_all(const Grants& grants);
  void touch_kinds(const Grants& grants);
  void add_spots(const Grant& grant);
  std::vector<std::string_view> actions_of(const Grant& grant) const;
  void add_places_within(const Grant& grant, std::vector<std::string>& places) const;
  void compare_spots();
  std::optional<Found> compare(const Spot& spot);
  Said ask(const UserAt& at, const Spot& spot) const;
  bool may_be_allowed(const UserAt& at, const domain::Question& question) const;
  Seq cause_of(AccessChange change, const Said& before, const Said& after) const;
  /// Since when a grant counts for the user, and when it ceased to; 0: not between the moments.
  Seq arrived(const Said& said) const;
  Seq left(const Said& said) const;
  void merge_places(std::vector<Found>& found) const;
  void merge_actions(std::vector<Found>& found) const;
  std::size_t action_count(std::string_view kind) const;

  const UserAt& before_;
  const UserAt& after_;
  const TenantDifference& tenant_;
  const Trail& trail_;
  const Seq before_seq_;
  std::vector<Held> held_before_;
  std::vector<Held> held_after_;
  std::vector<GrantPointer> touched_;
  /// Sorted, none twice.
  std::vector<Spot> spots_;
  /// What no grant and no catalogue names.
  std::string any_name_ = "0.any";
  bool all_is_told_ = false;
  Differences made_;
};

void Comparison::compare_standing() {
  StandingDifference found = standing_difference(before_, after_, trail_, before_seq_);
  all_is_told_ = found.is_all;
  const auto& held = found.may_after ? held_after_ : held_before_;
  const bool has_any =
      std::ranges::any_of(held, [](const Held& one) { return one.grants->size() != 0; });
  if (found.line && has_any) made_.lines.push_back(std::move(*found.line));
}

// ---- what was touched

void Comparison::touch_all(const Grants& grants) {
  for (const GrantPointer grant : grants.pointers()) touched_.push_back(grant);
}

/// A kind of which other things are asked.
void Comparison::touch_kinds(const Grants& grants) {
  for (const GrantPointer grant : grants.pointers())
    if (tenant_.is_other(domain::kind_of(*grant->resource))) touched_.push_back(grant);
}

void Comparison::find_touched(const Held& left, const Held& right) {
  if (tenant_.has_other_kinds()) touch_kinds(*right.grants);
  if (!right.grants->conditions().empty())
    for (const GrantPointer grant : right.grants->pointers()) {
      const auto* conditions = domain::conditions_of(*right.grants, *grant);
      if (conditions != nullptr && begins_or_ends(*conditions, before_.now_ns, after_.now_ns))
        touched_.push_back(grant);
    }
  if (left.grants == right.grants) return;
  auto one = left.grants->sorted().begin();
  auto other = right.grants->sorted().begin();
  const auto one_end = left.grants->sorted().end();
  const auto other_end = right.grants->sorted().end();
  while (one != one_end || other != other_end) {
    const bool is_left = other == other_end || (one != one_end && domain::precedes(*one, *other));
    const bool is_right = !is_left && (one == one_end || domain::precedes(*other, *one));
    if (is_left || is_right) touched_.push_back(is_left ? one.to_pointer() : other.to_pointer());
    if (!is_right) ++one;
    if (!is_left) ++other;
  }
}

void Comparison::find_touched() {
  for (const Held& left : held_before_) {
    const Held* right = find_held(held_after_, left.role);
    if (right == nullptr)
      touch_all(*left.grants);
    else
      find_touched(left, *right);
  }
  for (const Held& right : held_after_)
    if (find_held(held_before_, right.role) == nullptr) touch_all(*right.grants);
}

// ---- where that may matter

std::vector<std::string_view> Comparison::actions_of(const Grant& grant) const {
  std::vector<std::string_view> actions;
  if (*grant.action != "*") actions.emplace_back(*grant.action);
  for (const UserAt* at : {&before_, &after_}) {
    const auto* kind = at->tenant == nullptr ? nullptr
                                             : domain::find_kind(*at->tenant->catalogue,
                                                                 domain::kind_of(*grant.resource));
    if (kind == nullptr) continue;
    for (const domain::CatalogueAction& action : kind->actions) {
      const bool is_implied = !grant.deny && std::ranges::find(action.implied_by, *grant.action) !=
                                                 action.implied_by.end();
      if (*grant.action == "*" || is_implied) actions.emplace_back(action.name);
    }
  }
  return actions;
}

/// Of a grant's place the parts that other grants speak of.
void Comparison::add_places_within(const Grant& grant, std::vector<std::string>& places) const {
  const std::string& place = *grant.resource;
  const auto add_common = [&](const std::string& other) {
    auto common = common_place(place, other);
    if (common && *common != place) places.push_back(std::move(*common));
  };
  for (const auto* held : {&held_before_, &held_after_})
    for (const Held& one : *held) {
      const auto sorted = one.grants->sorted();
      const auto wild = sorted.nth(one.grants->plain_count());
      auto from = sorted.begin();
      auto to = wild;
      if (!grant.wildcard) {
        // All below lie together; '0' comes right behind '/'.
        const auto first_from = [&](const std::string& text) {
          return sorted.partition_point(sorted.begin(), wild,
                                        [&](const Grant& each) { return *each.resource < text; });
        };
        from = first_from(place + '/');
        to = first_from(place + '0');
      }
      for (; from != to; ++from) add_common(*from->resource);
      for (auto each = wild; each != sorted.end(); ++each) add_common(*each->resource);
    }
}

void Comparison::add_spots(const Grant& grant) {
  const std::string_view kind = domain::kind_of(*grant.resource);
  std::vector<std::string> places{*grant.resource};
  add_places_within(grant, places);
  for (const std::string_view other : tenant_.places_of(kind)) {
    auto common = common_place(*grant.resource, other);
    if (common) places.push_back(std::move(*common));
  }
  // What a `*` stands for where nothing is known but what is listed.
  if (grant.wildcard)
    for (const UserAt* at : {&before_, &after_}) {
      const auto* known =
          at->tenant == nullptr ? nullptr : domain::find_kind(*at->tenant->catalogue, kind);
      if (known == nullptr || domain::is_open_at(*known, with_name(*grant.resource, any_name_)))
        continue;
      for (const domain::CatalogueResource& resource : known->resources)
        if (domain::lie_of(resource.path, *grant.resource) == domain::Lie::covered)
          places.push_back(resource.path);
    }
  for (const std::string_view action : actions_of(grant))
    for (const std::string& place : places) spots_.push_back({std::string(action), place});
}

// ---- what is answered there

bool Comparison::may_be_allowed(const UserAt& at, const domain::Question& question) const {
  const auto* kind = domain::find_kind(*at.tenant->catalogue, domain::kind_of(question.resource));
  const auto* action = domain::find_action(*kind, question.action);
  const domain::AccessRequest asked{question.action, action->implied_by, question.resource, true};
  bool found = false;
  domain::visit_holders(*at.tenant, *at.user, [&](const domain::GrantHolder& holder) {
    const auto matches = domain::match(holder.grants, asked, some_call(at.now_ns));
    found = found || matches.allow != nullptr || matches.unmet != nullptr;
  });
  return found;
}

Said Comparison::ask(const UserAt& at, const Spot& spot) const {
  if (at.tenant == nullptr || at.user == nullptr) return {};
  const std::string path = with_name(spot.place, any_name_);
  const domain::Question question{spot.action, path, true};
  const domain::CallFacts call = some_call(at.now_ns);
  const domain::Verdict verdict = domain::authorize(*at.tenant, *at.user, question, call);
  Said said{Level::none, verdict.reason, verdict.grant, verdict.role, verdict.conditions};
  if (verdict.allowed()) {
    said.level = Level::all;
  } else if (verdict.conditions != nullptr && !domain::are_over(*verdict.conditions, at.now_ns)) {
    // Of a deny: where it holds only because an address or the transport is not known.
    const bool is_open_deny =
        verdict.reason == Code::denied_by_grant &&
        (verdict.conditions->networks != nullptr || verdict.conditions->secure_transport) &&
        may_be_allowed(at, question);
    if (verdict.reason == Code::condition_not_met || is_open_deny) said.level = Level::some;
  }
  return said;
}

Seq Comparison::arrived(const Said& said) const {
  if (said.grant == nullptr) return 0;
  for (const Held& held : held_after_) {
    if (held.name != said.role) continue;
    Seq seq = std::max<Seq>(said.grant->seq, held.since);
    if (held.is_nested) seq = std::max(seq, trail_.roles_nested(after_.tenant->id));
    const Held* old = find_held(held_before_, held.role);
    const bool is_new = old == nullptr || said.grant->seq > before_seq_;
    return is_new && seq > before_seq_ ? seq : 0;
  }
  return 0;
}

Seq Comparison::left(const Said& said) const {
  if (said.grant == nullptr) return 0;
  for (const Held& held : held_before_) {
    if (held.name != said.role) continue;
    if (find_held(held_after_, held.role) == nullptr) {
      const Seq unassigned = trail_.role_unassigned(before_.user->id, held.role);
      return unassigned != 0 || !held.is_nested ? unassigned
                                                : trail_.roles_nested(before_.tenant->id);
    }
    return trail_.grant_removed(*said.grant);
  }
  return 0;
}

Seq Comparison::cause_of(AccessChange change, const Said& before, const Said& after) const {
  const Seq gone = before_.user == nullptr ? 0 : left(before);
  const Seq come = arrived(after);
  Seq cause = std::max(gone, come);
  // A loss is whole with the first that took it, all else with the last.
  if (change == AccessChange::lost && gone != 0 && come != 0) cause = std::min(gone, come);
  const bool by_catalogue =
      before.code == Code::unknown_resource || after.code == Code::unknown_resource || cause == 0;
  if (by_catalogue && tenant_.has_other_kinds())
    cause = std::max(cause, trail_.catalogue_changed(after_.tenant->id));
  return cause;
}

std::optional<Comparison::Found> Comparison::compare(const Spot& spot) {
  const Said before = ask(before_, spot);
  const Said after = ask(after_, spot);
  made_.work += 2;
  Found found;
  found.from = before.level;
  found.to = after.level;
  if (before.level == after.level) {
    const bool is_same =
        before.level != Level::some || domain::are_equal(before.conditions, after.conditions);
    if (is_same) return std::nullopt;
    found.line.change = AccessChange::conditions_changed;
  } else {
    found.line.change = after.level > before.level ? AccessChange::gained : AccessChange::lost;
  }
  const Said& decided = after.grant != nullptr ? after : before;
  found.line.action = spot.action;
  found.line.resource = spot.place;
  found.line.before = before.code;
  found.line.after = after.code;
  found.line.grant = decided.grant;
  found.line.role = decided.role;
  found.line.conditions = decided.conditions;
  found.line.caused_by = cause_of(found.line.change, before, after);
  return found;
}

// ---- merged upward

/// What is so at a place is so below it, but for what is told.
void Comparison::merge_places(std::vector<Found>& found) const {
  std::unordered_map<std::string_view, Found*> differing;
  std::vector<std::string_view> wild;
  std::string_view action;
  auto next = found.begin();
  /// The nearest spot of the action above a place; empty: none.
  const auto spot_above = [&](std::string_view place) {
    for (std::string_view above = domain::parent_of(place); !above.empty();
         above = domain::parent_of(above))
      if (std::ranges::binary_search(spots_, Spot{std::string(action), std::string(above)}))
        return above;
    for (const std::string_view pattern : wild)
      if (pattern != place && domain::lie_of(place, pattern) == domain::Lie::covered)
        return pattern;
    return std::string_view();
  };
  std::unordered_map<std::string_view, Found*> root_of;
  for (const Spot& spot : spots_) {
    if (spot.action != action) {
      action = spot.action;
      wild.clear();
      root_of.clear();
      for (const Spot& each : spots_)
        if (each.action == action && each.place.find('*') != std::string::npos)
          wild.emplace_back(each.place);
    }
    Found* own = nullptr;
    if (next != found.end() && next->line.action == spot.action &&
        next->line.resource == spot.place)
      own = &*next++;
    const std::string_view above = spot_above(spot.place);
    const auto root = above.empty() ? root_of.end() : root_of.find(above);
    Found* upper = root == root_of.end() ? nullptr : root->second;
    const bool is_same = own != nullptr && upper != nullptr &&
                         own->line.change == upper->line.change && own->from == upper->from &&
                         own->to == upper->to && own->line.caused_by == upper->line.caused_by;
    if (is_same)
      own->merged = true;
    else if (upper != nullptr)
      upper->line.except.push_back(spot.place);
    root_of[spot.place] = is_same ? upper : own;
  }
}

std::size_t Comparison::action_count(std::string_view kind) const {
  const UserAt& at = after_.tenant != nullptr ? after_ : before_;
  const auto* known = domain::find_kind(*at.tenant->catalogue, kind);
  return known == nullptr ? 0 : known->actions.size();
}

void Comparison::merge_actions(std::vector<Found>& found) const {
  const auto signature = [](const Found& one) {
    return std::tuple(std::string_view(one.line.resource), one.line.change, one.line.before,
                      one.line.after, one.line.caused_by, one.line.grant, one.line.except);
  };
  std::ranges::stable_sort(found, {}, signature);
  for (std::size_t first = 0; first < found.size();) {
    std::size_t last = first + 1;
    while (last < found.size() && signature(found[last]) == signature(found[first])) ++last;
    if (last - first > 1 &&
        last - first == action_count(domain::kind_of(found[first].line.resource))) {
      found[first].line.action = "*";
      for (std::size_t other = first + 1; other < last; ++other) found[other].merged = true;
    }
    first = last;
  }
  std::erase_if(found, [](const Found& one) { return one.merged; });
}

void Comparison::compare_spots() {
  for (GrantPointer grant : touched_) add_spots(*grant);
  for (const Spot& spot : spots_)
    while (spot.place.find(any_name_) != std::string::npos) any_name_ += "0";
  std::ranges::sort(spots_);
  spots_.erase(std::ranges::unique(spots_).begin(), spots_.end());
  std::vector<Found> found;
  for (const Spot& spot : spots_)
    if (auto one = compare(spot)) found.push_back(std::move(*one));
  merge_places(found);
  std::erase_if(found, [](const Found& one) { return one.merged; });
  merge_actions(found);
  for (Found& one : found) made_.lines.push_back(std::move(one.line));
}

Differences Comparison::made() {
  compare_standing();
  if (all_is_told_) return std::move(made_);
  find_touched();
  if (!touched_.empty()) compare_spots();
  return std::move(made_);
}

}  // namespace

Differences differences_of(const UserAt& before, const UserAt& after,
                           const TenantDifference& tenant, const Trail& trail, Seq before_seq) {
  return Comparison(before, after, tenant, trail, before_seq).made();
}

}  // namespace postern::view
