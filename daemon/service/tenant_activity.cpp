#include "daemon/service/tenant_activity.h"

#include <algorithm>
#include <string>

namespace postern::service {

namespace {

/// An iterator of the journal's is open no longer than for so many.
constexpr std::uint64_t records_at_once = 4'096;

using Found = view::Answer<view::Activity>;

}  // namespace

Expected<view::Answer<view::Activity>> activity_of(const journal::Journal& journal,
                                                   domain::RecordGate& gate,
                                                   const domain::Tenant& tenant,
                                                   domain::Seq from_seq, domain::Seq last_seq) {
  const domain::Seq first = std::max(from_seq, tenant.created_seq);
  if (first > last_seq)
    return Found(view::refused(schema::Code::not_yet, "from_seq",
                               "The seq is " + std::to_string(last_seq) + "."));
  if (last_seq - first >= activity_records_max)
    return Found(
        view::refused(schema::Code::too_large, "from_seq",
                      "A report looks at " + std::to_string(activity_records_max) +
                          " records at most, and from there on there are " +
                          std::to_string(last_seq - first + 1) +
                          "; name a later one, or ask postern-replay, which reads them all."));
  view::Activity activity(tenant.id);
  for (domain::Seq seq = first; seq <= last_seq;) {
    const auto cursor = journal.read_from(seq);
    for (const domain::Seq end = seq + records_at_once; seq < end && seq <= last_seq; ++seq) {
      const auto stored = cursor->next();
      if (!stored) return std::unexpected(stored.error());
      const auto record = gate.open(*stored);
      if (!record)
        return std::unexpected(Failure{FailureKind::damaged, record.error().sentence, ""});
      activity.add(**record);
    }
  }
  return activity;
}

}  // namespace postern::service
