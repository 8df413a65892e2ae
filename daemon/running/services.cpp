#include "daemon/running/services.h"

namespace postern::running {

namespace {

view::View view_of(const domain::State& state) {
  view::View view;
  view.load(state.tables());
  return view;
}

}  // namespace

Services::Services(const Parts& parts, const Settings& settings, const Outlets& outlets,
                   std::unique_ptr<calls::CallRing> ring, JournalContents held)
    : first_seq_(parts.journal.head().seq),
      mail_(parts.wakers),
      calls_(std::move(ring), {parts.wakers.recorder, parts.wakers.historian, parts.keys,
                               parts.clock, parts.entropy, parts.vitals, mail_, outlets.log}),
      pool_(std::make_unique<credential::HashPool>(settings.hashing)),
      desk_(*pool_, parts.keys, parts.entropy, parts.wakers.reader, settings.writer.cost,
            settings.passwords) {
  make_reader(parts, settings, outlets, view_of(held.state), held.state.time_ns());
  make_historian(parts, settings, outlets, held, view_of(held.state), view_of(held.state));
  writer_ = std::make_unique<service::Writer>(
      service::Writer::Parts{parts.journal, parts.keys, *pool_, parts.clock, parts.entropy,
                             parts.wakers.writer, parts.vitals, mail_, outlets.run_beside},
      settings.writer,
      service::Writer::Outlets{outlets.commands.send, outlets.allow, outlets.disk_free,
                               outlets.hold_reserve, outlets.log, outlets.commands.has_room},
      std::move(held.state), std::move(held.ids));
}

void Services::pass_on_the_rest() {
  reader_->turn();
  historian_->turn();
  auditor_->stop();
}

void Services::make_reader(const Parts& parts, const Settings& settings, const Outlets& outlets,
                           view::View view, std::int64_t time_ns) {
  reader_ = std::make_unique<service::Reader>(
      service::Reader::Parts{desk_, parts.clock, parts.vitals, mail_, parts.keys, parts.entropy,
                             &calls_.line()},
      settings.reader,
      service::Reader::Outlets{outlets.queries.send, outlets.warnings, outlets.counters,
                               outlets.log, outlets.queries.has_room},
      std::move(view), parts.journal.head(), time_ns);
}

/// With the auditor, which answers what takes the historian too long.
void Services::make_historian(const Parts& parts, const Settings& settings, const Outlets& outlets,
                              JournalContents& held, view::View view, view::View audited) {
  historian_ = std::make_unique<service::Historian>(
      service::Historian::Parts{parts.journal, parts.checkpoints, parts.clock, parts.vitals, mail_,
                                outlets.log, &calls_.pages(), &parts.keys,
                                outlets.history.has_room},
      settings.historian, outlets.history.send, std::move(view), parts.journal.head(),
      held.state.time_ns());
  if (outlets.write_snapshot)
    snapshots_ = std::make_unique<service::SnapshotKeeper>(
        parts.wakers.auditor,
        service::SnapshotKeeper::Start{settings.snapshot_seq, settings.snapshot_step,
                                       held.state.place()},
        outlets.write_snapshot);
  auditor_ = std::make_unique<service::Auditor>(
      service::Auditor::Parts{parts.journal, parts.keys, parts.clock, mail_, outlets.log,
                              &calls_.ring(), &calls_.seen(), snapshots_.get()},
      std::move(audited), parts.journal.head(), std::move(held.past), settings.auditor);
}

}  // namespace postern::running
