#include "daemon/data/snapshot_keeping.h"

#include <algorithm>

#include "daemon/domain/compact_state.h"
#include "daemon/domain/fold.h"

namespace postern::data {

namespace {

using ShowId = SnapshotContents::ShowId;

SnapshotHead head_of(const OpenedData& data, const journal::Head& head) {
  return {folding_program(),
          data.installation,
          head,
          journal::blocks_before(*data.journal, head.seq),
          {},
          0,
          0,
          {}};
}

/// A record that was made at this time or earlier, not long before.
std::uint64_t record_near(const std::vector<domain::PastNotes::Time>& times, std::int64_t time_ns) {
  const auto after =
      std::ranges::upper_bound(times, time_ns, {}, &domain::PastNotes::Time::time_ns);
  return after == times.begin() ? 1 : std::prev(after)->seq;
}

/// Of the records from one to another.
Expected<> show_ids(const journal::Journal& journal, std::uint64_t from, std::uint64_t to,
                    const ShowId& show) {
  // No cursor is open for long.
  constexpr std::uint64_t page_records = 4'096;
  domain::RecordGate gate;
  for (std::uint64_t seq = from; seq <= to;) {
    const auto cursor = journal.read_from(seq);
    for (const std::uint64_t end = std::min(to, seq + page_records - 1); seq <= end; ++seq) {
      const auto bytes = cursor->next();
      if (!bytes) return std::unexpected(bytes.error());
      const auto record = gate.open(*bytes);
      if (!record)
        return std::unexpected(
            unfit("the journal", seq, record.error(),
                  "Restore from a backup; keep the damaged folder for inquiry."));
      const schema::Record& held = **record;
      if (held.role() != schema::Role::daemon &&
          !show({*held.operator_id(), *held.command_id(), seq}))
        return {};
    }
  }
  return {};
}

/// Once the anchor goes as far: after a crash nothing else says that its records are all there, and
/// it would be passed over.
Expected<SnapshotWritten> write(const DataPaths& paths, const OpenedData& data,
                                SnapshotContents contents, const MayGoOn& may_go_on) {
  if (auto anchored = data.journal->wait_for_anchor(contents.head.journal.seq); !anchored)
    return std::unexpected(anchored.error());
  return write_snapshot({paths.snapshots(), data.keys->own_key(snapshot_key), may_go_on},
                        std::move(contents));
}

}  // namespace

Expected<SnapshotWritten> keep_snapshot(const DataPaths& paths, const OpenedData& data,
                                        Standing standing, domain::CommandIds::Window window,
                                        std::int64_t now_ns, const MayGoOn& may_go_on) {
  SnapshotContents contents{head_of(data, standing.head), std::move(standing.entries), {}};
  SnapshotHead& head = contents.head;
  head.place = std::move(standing.place);
  head.past = std::move(standing.past);
  head.read_whole_ns = standing.read_whole_ns;
  // No less than any start may ask for: its clock may be behind this one, as far as ids may be
  // ahead.
  head.ids_since_ms = now_ns / 1'000'000 - window.behind_ms - window.ahead_ms;
  // Whoever took an id had a clock that was behind it by no more than that, and made its record
  // then or later.
  const std::uint64_t first =
      record_near(head.past.times, (head.ids_since_ms - window.ahead_ms) * 1'000'000);
  contents.each_id = [&data, first, last = head.journal.seq](const ShowId& show) {
    return show_ids(*data.journal, first, last, show);
  };
  return write(paths, data, std::move(contents), may_go_on);
}

Expected<> keep_snapshot(const DataPaths& paths, const OpenedData& data, const Running& running,
                         std::uint64_t disk_floor_bytes) {
  const journal::Head journal = data.journal->head();
  if (journal.seq == data.snapshot_seq) return {};
  if (running.state.seq() != journal.seq || running.past.seq() != journal.seq)
    return std::unexpected(Failure{FailureKind::input_output,
                                   "the state stands at another record than the journal",
                                   "Start the daemon again; it reads the journal."});
  SnapshotContents contents{head_of(data, journal), domain::entries_of(running.state.tables()),
                            [&](const ShowId& show) -> Expected<> {
                              bool goes_on = true;
                              running.ids.for_each([&](const schema::Uuid& operator_id,
                                                       const schema::Uuid& id, std::uint64_t seq) {
                                goes_on = goes_on && show({operator_id, id, seq});
                              });
                              return {};
                            }};
  contents.head.place = running.state.place();
  contents.head.past = running.past.notes();
  contents.head.read_whole_ns = running.read_whole_ns;
  contents.head.ids_since_ms = running.ids.since_ms();
  const MayGoOn may_go_on = [&]() -> Expected<> {
    const auto free = data.reserve.free();
    if (free && *free >= disk_floor_bytes) return {};
    return std::unexpected(Failure{FailureKind::input_output, "free disk space is under the floor",
                                   "Make room; the next stop writes it."});
  };
  const auto written = write(paths, data, std::move(contents), may_go_on);
  if (!written) return std::unexpected(written.error());
  return {};
}

}  // namespace postern::data
