#include "daemon/service/tenant_activity.h"

#include <algorithm>
#include <string>

namespace postern::service {

namespace {

/// An iterator of the journal's is open no longer than for so many.
constexpr std::uint64_t records_at_once = 4'096;

using Found = view::Answer<view::Activity>;

Found too_much(domain::Seq from_seq, domain::Seq last_seq) {
  return view::refused(schema::Code::too_large, "from_seq",
                       "A report looks at " + std::to_string(activity_records_max) +
                           " records at most, and from there on there are " +
                           std::to_string(last_seq - from_seq + 1) +
                           "; name a later one, or ask postern-replay, which reads them all.");
}

}  // namespace

Expected<view::Answer<view::Activity>> activity_of(const journal::Journal& journal,
                                                   domain::RecordGate& gate,
                                                   const domain::Tenant& tenant,
                                                   domain::Seq from_seq, domain::Seq last_seq) {
  if (from_seq > last_seq)
    return Found(view::refused(schema::Code::seq_beyond_journal, "from_seq",
                               "The head is " + std::to_string(last_seq) + "."));
  const domain::Seq oldest = last_seq - std::min(last_seq, activity_records_max) + 1;
  const domain::Seq first = std::max(oldest, tenant.created_seq);
  if (from_seq != 0 && std::max(from_seq, tenant.created_seq) < oldest)
    return too_much(from_seq, last_seq);
  view::Activity activity(tenant.id, from_seq);
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
  const bool is_cut = tenant.created_seq < oldest;
  if (from_seq == 0 && is_cut && !activity.last_review())
    return too_much(tenant.created_seq, last_seq);
  return activity;
}

}  // namespace postern::service
