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

/// Of the tenant's records up to `last_seq`, at most so many, what changed from `from_seq` on (0:
/// since its last review, else from its first). Refused, `too_large`, where that lies before what a
/// report may look at; fails where a record cannot be read.
Expected<view::Answer<view::Activity>> activity_of(const journal::Journal& journal,
                                                   domain::RecordGate& gate,
                                                   const domain::Tenant& tenant,
                                                   domain::Seq from_seq, domain::Seq last_seq);

}  // namespace postern::service
