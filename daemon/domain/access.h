// A user's grants as compiled permissions: sorted once, when they change, and asked by binary
// search.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/call.h"
#include "daemon/domain/entries.h"
#include "daemon/domain/path.h"

namespace postern::domain {

/// A user's most (interfaces: bounds).
inline constexpr std::size_t grants_max = 10'000;

/// `rights`: of the state that the list is for.
SharedGrants with_grant(const Grants& grants, const Grant& grant, Rights& rights,
                        const Conditions* conditions = nullptr);
SharedGrants without_grant(const Grants& grants, Seq seq, std::uint64_t index);

/// How an event names a grant: the one that added it, and what it says.
struct GrantName {
  Seq seq = 0;
  std::uint64_t index = 0;
  schema::Effect effect = schema::Effect::allow;
  std::string_view action = {};
  std::string_view resource = {};
};
/// Looks for it where it must lie, and only then everywhere.
SharedGrants without_grant(const Grants& grants, const GrantName& name);

/// Grants read one by one, before they are put in order.
struct LooseGrants {
  std::vector<Grant> sorted;
  std::vector<ConditionsOfGrant> conditions;
};

/// Those with exactly these, whatever their conditions, the older first.
std::vector<GrantPointer> find_grants(const Grants& grants, schema::Effect effect,
                                      std::string_view action, std::string_view resource);

/// Null: it has none.
const Conditions* conditions_of(const Grants& grants, const Grant& grant);
inline const Conditions* conditions_of(const Grants& grants, GrantPointer grant) {
  return grant.is_conditional() ? conditions_of(grants, *grant) : nullptr;
}

/// Grants of one kind of resource, plain ones first, until the visitor says false; false if it did.
bool visit_kind(const Grants& grants, std::string_view kind,
                const std::function<bool(const Grant&)>& visitor);

/// The order in which grants lie.
bool precedes(const Grant& left, const Grant& right);

/// What is asked of grants: an action, with those that imply it (A6), on a path.
struct AccessRequest {
  std::string_view action;
  std::span<const std::string> implied_by = {};
  std::string_view path;
  bool this_level_only = false;
  /// The path's own; null: grants are found by their texts alone.
  const PathLevels* levels = nullptr;
};

/// What the grants say of one action on one path (A1 to A3, A6, A9); null where they say nothing.
/// A deny is of its own action alone; an allow also of what its action implies.
struct Matches {
  /// The most specific allow on the path or above it.
  GrantPointer allow = nullptr;
  /// The first deny on the path or above it, in the order of paths, those with `*` last.
  GrantPointer deny = nullptr;
  /// The first deny below it, in the same order; not looked for where one stands above.
  GrantPointer deny_below = nullptr;
  /// An allow on the path or above it that would count but for its conditions.
  GrantPointer unmet = nullptr;
  /// Grants and steps of searches that were looked at.
  std::size_t work = 0;
};

/// `index`: of the list's marks, where one was made; null: none.
Matches match(const Grants& grants, const AccessRequest& asked, const CallFacts& call,
              const MarkIndex* index = nullptr);

/// Before one question of a list that is at hand: has the processor fetch what those of its first
/// 64 grants speak of whose texts the question will be compared with.
void fetch_ahead(const Grants& grants, const AccessRequest& asked);

/// The order in which grants that hold on a path are named: plain ones first, of these the nearest
/// to the path.
bool is_named_before(const Grant& left, const Grant& right);

/// How one grant bears on what is asked.
enum class Bearing { none, allow, deny, deny_below, unmet };
Bearing bearing_of(const Grants& grants, const Grant& grant, const AccessRequest& asked,
                   const CallFacts& call);

}  // namespace postern::domain
