// A user's grants as compiled permissions: sorted once, when they change, and asked by binary
// search.
#pragma once

#include <memory>
#include <string_view>

#include "daemon/domain/entries.h"

namespace postern::domain {

/// A user's most (interfaces: bounds).
inline constexpr std::size_t grants_max = 10'000;

std::shared_ptr<const Grants> no_grants();
std::shared_ptr<const Grants> with_grant(const Grants& grants, const Grant& grant);
std::shared_ptr<const Grants> without_grant(const Grants& grants, Seq seq, std::uint64_t index);

/// Null if there is none with exactly these.
const Grant* find_grant(const Grants& grants, schema::Effect effect, std::string_view action,
                        std::string_view resource);

/// What the grants say of one action on one path (A1 to A3); null where they say nothing.
struct Matches {
  /// The most specific allow on the path or above it.
  const Grant* allow = nullptr;
  /// A deny on the path or above it.
  const Grant* deny = nullptr;
  /// The first deny below it, in the order of paths, those with `*` last; not looked for where one
  /// stands above.
  const Grant* deny_below = nullptr;
};

Matches match(const Grants& grants, std::string_view action, std::string_view path,
              bool this_level_only);

}  // namespace postern::domain
