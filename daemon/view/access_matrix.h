// Access by area (H8): for each area of the catalogue and each action, how many users may do it on
// all of the area, and how many on a part.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "daemon/view/view.h"
#include "history_generated.h"

namespace postern::view {

struct AccessMatrix {
  /// By area and action.
  std::vector<std::unique_ptr<schema::AccessCellT>> cells;
  /// Cells of the areas that fewest users reach, beyond what is told.
  std::uint64_t left_out = 0;
};

/// Of these users of the tenant. An allow that has expired counts for nothing; networks and
/// transport that an allow is bound to are taken as met, and those of a deny too: it stands.
AccessMatrix access_matrix(const domain::Tenant& tenant,
                           const std::vector<const domain::User*>& users, std::int64_t now_ns,
                           std::size_t areas_max);

}  // namespace postern::view
