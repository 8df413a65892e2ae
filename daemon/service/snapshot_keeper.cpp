#include "daemon/service/snapshot_keeper.h"

#include "daemon/service/recent_changes.h"

namespace postern::service {

SnapshotKeeper::SnapshotKeeper(platform::Waker& waker, Start start, Write write)
    : waker_(waker),
      write_(std::move(write)),
      records_step_(start.records_step),
      newest_seq_(start.snapshot_seq),
      is_first_due_(start.place.seq - start.snapshot_seq > folded_records_max),
      time_ns_(start.place.time_ns) {
  for (const domain::TenantHead& head : start.place.tenant_heads)
    tenant_heads_[head.tenant] = head.seq;
}

void SnapshotKeeper::written() {
  is_written_ = true;
  waker_.wake();
}

void SnapshotKeeper::note(const Published& published) {
  for (const domain::TenantHead& head : published.tenant_heads)
    tenant_heads_[head.tenant] = head.seq;
  if (published.time_ns > time_ns_) time_ns_ = published.time_ns;
}

std::unique_ptr<Published> SnapshotKeeper::pass_on(std::unique_ptr<Published> taken) {
  if (!is_writing_) return taken;
  held_changes_ += RecentChanges::size_of(taken->changes);
  held_.push_back(std::move(taken));
  if (held_changes_ > changes_max) is_too_much_ = true;
  return nullptr;
}

bool SnapshotKeeper::is_due(const journal::Head& head) const {
  if (is_writing_) return false;
  const std::uint64_t step = records_step_;
  return is_first_due_ || (step > 0 && head.seq - newest_seq_ >= step);
}

void SnapshotKeeper::begin(const view::View& view, const journal::Head& head,
                           const domain::PastIndex& index) {
  is_first_due_ = false;
  is_writing_ = true;
  is_too_much_ = false;
  newest_seq_ = head.seq;
  auto moment = std::make_unique<SnapshotMoment>(
      SnapshotMoment{head, time_ns_, domain::entries_of(view.tables()), {}, index.notes()});
  moment->tenant_heads.reserve(tenant_heads_.size());
  for (const auto& [tenant, seq] : tenant_heads_) moment->tenant_heads.push_back({tenant, seq});
  write_(std::move(moment));
}

}  // namespace postern::service
