// A user's grants as compiled permissions: sorted once, when they change, and asked by binary
// search.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/call.h"
#include "daemon/domain/entries.h"

namespace postern::domain {

/// A user's most (interfaces: bounds).
inline constexpr std::size_t grants_max = 10'000;

std::shared_ptr<const Grants> no_grants();
std::shared_ptr<const Grants> with_grant(const Grants& grants, const Grant& grant,
                                         const Conditions* conditions = nullptr);
std::shared_ptr<const Grants> without_grant(const Grants& grants, Seq seq, std::uint64_t index);

/// Those with exactly these, whatever their conditions, the older first.
std::vector<const Grant*> find_grants(const Grants& grants, schema::Effect effect,
                                      std::string_view action, std::string_view resource);

/// Null: it has none.
const Conditions* conditions_of(const Grants& grants, const Grant& grant);

/// The order in which grants lie.
bool precedes(const Grant& left, const Grant& right);

/// What is asked of grants: an action, with those that imply it (A6), on a path.
struct Asked {
  std::string_view action;
  std::span<const std::string> implied_by = {};
  std::string_view path;
  bool this_level_only = false;
};

/// What the grants say of one action on one path (A1 to A3, A6, A9); null where they say nothing.
/// A deny is of its own action alone; an allow also of what its action implies.
struct Matches {
  /// The most specific allow on the path or above it.
  const Grant* allow = nullptr;
  /// The first deny on the path or above it, in the order of paths, those with `*` last.
  const Grant* deny = nullptr;
  /// The first deny below it, in the same order; not looked for where one stands above.
  const Grant* deny_below = nullptr;
  /// An allow on the path or above it that would count but for its conditions.
  const Grant* unmet = nullptr;
};

Matches match(const Grants& grants, const Asked& asked, const CallFacts& call);

/// How one grant bears on what is asked.
enum class Bearing { none, allow, deny, deny_below, unmet };
Bearing bearing_of(const Grants& grants, const Grant& grant, const Asked& asked,
                   const CallFacts& call);

}  // namespace postern::domain
