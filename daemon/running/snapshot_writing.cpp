#include "daemon/running/snapshot_writing.h"

#include <algorithm>
#include <utility>

#include "daemon/data/snapshot_keeping.h"
#include "daemon/domain/compact_state.h"

namespace postern::running {

using service::diagnostic;
using service::Line;

void SnapshotWriting::write(std::unique_ptr<service::SnapshotMoment> moment,
                            service::SnapshotKeeper& keeper) {
  worker_.run([this, moment = std::move(moment), &keeper]() mutable {
    if (!is_ending_) write_now(*moment, keeper);
    moment.reset();
    keeper.written();
  });
}

void SnapshotWriting::write_now(service::SnapshotMoment& moment,
                                const service::SnapshotKeeper& keeper) {
  const std::int64_t began_ns = parts_.clock.monotonic_ns();
  const std::uint64_t seq = moment.head.seq;
  const std::int64_t read_whole_ns =
      std::max(parts_.data.read_whole_ns, parts_.vitals.read_whole_ns.load());
  domain::JournalPlace place =
      domain::place_of(moment.entries, seq, moment.time_ns, std::move(moment.tenant_heads));
  const auto written =
      data::keep_snapshot(parts_.paths, parts_.data,
                          {moment.head, std::move(moment.entries), std::move(place),
                           std::move(moment.past), read_whole_ns},
                          parts_.window, parts_.clock.now_ns(), [&] { return may_go_on(keeper); });
  if (is_ending_) return;
  if (!written) return parts_.log.say(diagnostic<Line::snapshot_not_written>(written.error()));
  const std::int64_t took_ns = parts_.clock.monotonic_ns() - began_ns;
  parts_.vitals.snapshot_ns = parts_.clock.now_ns();
  parts_.vitals.snapshot_seq = seq;
  parts_.vitals.snapshot_bytes = written->bytes;
  parts_.vitals.snapshot_writing_ns = took_ns;
  parts_.log.say(
      diagnostic<Line::snapshot_written>(seq, written->bytes, service::Duration{took_ns}));
}

Expected<> SnapshotWriting::may_go_on(const service::SnapshotKeeper& keeper) const {
  const auto not_now = [](const char* why, const char* remedy) {
    return std::unexpected(Failure{FailureKind::input_output, why, remedy});
  };
  if (is_ending_) return not_now("the daemon stops, which writes another", "");
  if (!keeper.is_wanted())
    return not_now("too much has changed while it was written", "The next is begun in its turn.");
  const auto free = parts_.data.reserve.free();
  if (!free) return std::unexpected(free.error());
  if (*free >= disk_floor_bytes_) return {};
  return not_now("free disk space is under the floor", "Make room; the next is begun in its turn.");
}

}  // namespace postern::running
