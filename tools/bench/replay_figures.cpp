// Reading a journal of single events back: a start from it, held against a bare LevelDB iteration.
#include <sched.h>

#include <algorithm>

#include "tools/bench/control.h"
#include "tools/bench/figures.h"
#include "tools/bench/floors.h"
#include "tools/bench/trouble.h"

namespace postern::bench {

namespace {

/// A start with nothing to read.
double empty_start_seconds(const Bench& bench) {
  DaemonProcess empty({.program = bench.program, .folder = bench.scratch / "empty"});
  std::vector<double> starts;
  for (int i = 0; i < 3; ++i) {
    empty.forget_snapshots();
    starts.push_back(empty.start());
    empty.stop();
  }
  return median(starts);
}

/// Keeps this thread, and what it starts, on the processor it is on.
class OnOneProcessor {
 public:
  OnOneProcessor() {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
      fail(exit_codes::unreachable, "cannot keep to one processor");
  }
  ~OnOneProcessor() { sched_setaffinity(0, sizeof before_, &before_); }
  OnOneProcessor(const OnOneProcessor&) = delete;
  OnOneProcessor& operator=(const OnOneProcessor&) = delete;

 private:
  cpu_set_t before_;
};

void fill_up(Bench& bench, const DaemonProcess& daemon) {
  Dealer dealer(daemon.door("commands", DoorKind::ipc));
  while (writer_counters(daemon).seq < bench.sizes.records)
    switch_access(bench, dealer, bench.sizes.durable_commands);
}

}  // namespace

void measure_replay(Bench& bench, DaemonProcess& small) {
  fill_up(bench, small);
  small.stop();
  const WarmJournal bare(small.data() / "journal" / "db", bench.scratch / "copied-journal");
  const auto records = static_cast<double>(bare.records());
  const double empty = empty_start_seconds(bench);
  std::vector<double> starts;
  const auto figure = [&] {
    small.forget_snapshots();
    starts.push_back(small.start());
    small.stop();
    return records / (starts.back() - empty);
  };
  const auto floor = [&] { return bare.iterate(); };
  const Figure replay{.name = "replay_rate",
                      .unit = "1/s",
                      .floor_name = "LevelDB iteration with checksums, warm",
                      .details = {{"records", records}}};
  const Rounds rounds = alternate(bench.sizes.rounds, figure, floor);
  bench.report.add(
      {.name = "start_seconds_million_records",
       .unit = "s",
       .value = median(starts) * 1e6 / records,
       .details = {
           {"records", records}, {"seconds", median(starts)}, {"seconds_without_records", empty}}});
  bench.report.add("replay_rate_over_iteration", rounds, replay);

  const auto confined = [&] {
    const OnOneProcessor here;
    return figure();
  };
  Figure on_one = replay;
  on_one.name = "replay_rate_on_one_processor";
  bench.report.add("replay_rate_on_one_processor_over_iteration",
                   alternate(bench.sizes.rounds, confined, floor), on_one);
}

}  // namespace postern::bench
