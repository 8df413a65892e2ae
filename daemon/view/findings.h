// What a review of access looks at (H8, D3): users, keys, grants and roles that nobody uses, that
// expire, that nothing bounds, or that several share.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "daemon/view/activity.h"
#include "daemon/view/inquiry.h"

namespace postern::view {

struct FindingsWanted {
  const domain::Tenant& tenant;
  std::int64_t unused_ns = 0;
  std::int64_t soon_ns = 0;
  /// Of each finding.
  std::size_t rows_max = 0;
  std::size_t row_bytes_max = 0;
};

/// One of each kind, in their order. Users that may act are looked at: the active ones, locked or
/// not; of shared and locked ones all but the deleted and trashed.
std::vector<std::unique_ptr<schema::FindingT>> findings(const Inquiry& inquiry,
                                                        const FindingsWanted& wanted,
                                                        const Activity& activity);

/// The tenant's users that may act.
std::vector<const domain::User*> active_users(const View& view, const domain::Tenant& tenant);

}  // namespace postern::view
