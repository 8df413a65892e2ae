// Under which names this journal's checkpoints were signed. A restored journal signs under a new
// one, so that nobody takes it for the one it was copied from (H6, H7). Any thread; pure.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/domain/entries.h"

namespace postern::domain {

/// "postern/<installation>", and after a restoration "/<its id>" behind that.
std::string checkpoint_name(const Uuid& installation, const Copies* copies);

inline constexpr Seq no_end = std::numeric_limits<Seq>::max();

/// The newest record that this journal has in common with whoever signed under `name`: the last
/// before the restoration that followed, or no end for `present`. Nothing if its checkpoints never
/// bore the name.
std::optional<Seq> shared_with(std::string_view name, std::string_view present,
                               const Copies* copies);

}  // namespace postern::domain
