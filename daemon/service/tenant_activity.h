// What the journal tells of one tenant for its report (H8). Reads every record from a place on, so
// it is for the auditor's thread.
#pragma once

#include "daemon/domain/fold.h"
#include "daemon/journal/journal.h"
#include "daemon/view/activity.h"
#include "daemon/view/inquiry.h"

namespace postern::service {

/// Records that one report looks at.
inline constexpr std::uint64_t activity_records_max = 2'000'000;

/// From `from_seq` (0: the tenant's first record) up to `last_seq`. Refused, `too_large`, where
/// these are more than a report may look at; fails where one cannot be read.
Expected<view::Answer<view::Activity>> activity_of(const journal::Journal& journal,
                                                   domain::RecordGate& gate,
                                                   const domain::Tenant& tenant,
                                                   domain::Seq from_seq, domain::Seq last_seq);

}  // namespace postern::service
