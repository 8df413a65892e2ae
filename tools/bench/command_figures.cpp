// Commands acknowledged after the disk, held against bare LevelDB with the same batches and bytes.
#include <algorithm>
#include <cmath>

#include "tools/bench/control.h"
#include "tools/bench/figures.h"
#include "tools/bench/floors.h"

namespace postern::bench {

namespace {

/// Stored bytes to write again where the daemon is not in the way.
constexpr std::size_t sample_records = 1'000;

std::vector<std::string> newest_records(const DaemonProcess& daemon, std::size_t at_most) {
  const std::uint64_t last = writer_counters(daemon).seq;
  const std::size_t count = std::min<std::size_t>(at_most, last);
  return stored_records(daemon, last - count + 1, count);
}

double mean_bytes(const std::vector<std::string>& records) {
  double sum = 0;
  for (const std::string& record : records) sum += static_cast<double>(record.size());
  return sum / static_cast<double>(records.size());
}

void measure_rate(Bench& bench, const DaemonProcess& daemon, DoorKind kind, SyncedLog& bare) {
  Dealer dealer(daemon.door("commands", kind));
  const std::size_t count = bench.sizes.durable_commands;
  CpuMeter cpu(daemon.pid());
  double group = 1;
  std::vector<double> groups;
  const auto figure = [&] {
    const WriterCounters before = writer_counters(daemon);
    cpu.begin();
    const Run run = switch_access(bench, dealer, count);
    cpu.end(run.answers.size());
    const WriterCounters after = writer_counters(daemon);
    group = static_cast<double>(after.records - before.records) /
            static_cast<double>(after.groups - before.groups);
    groups.push_back(group);
    return run.per_second();
  };
  figure();
  const std::vector<std::string> records = newest_records(daemon, std::min(count, sample_records));
  const auto floor = [&] {
    return bare.write(records, count, static_cast<std::size_t>(std::max(1.0, std::round(group))));
  };
  floor();
  const Rounds rounds = alternate(bench.sizes.rounds, figure, floor);
  bench.report.add(prefix_of(kind) + "durable_rate_over_leveldb", rounds,
                   {.name = prefix_of(kind) + "durable_rate",
                    .unit = "1/s",
                    .floor_name = "LevelDB, the same batches and bytes, synced",
                    .details = {{"users", static_cast<double>(bench.sizes.small_users)},
                                {"records_per_group", median(groups)},
                                {"daemon_cpu_us", cpu.microseconds_per_answer()},
                                {"record_bytes", mean_bytes(records)}}});
}

void measure_round_trip(Bench& bench, const DaemonProcess& daemon, DoorKind kind, SyncedLog& bare) {
  Dealer dealer(daemon.door("commands", kind));
  const std::size_t count = bench.sizes.durable_single_commands;
  const std::size_t first = first_written_user(bench.sizes);
  const std::size_t last = std::min(first + count / 2, bench.sizes.small_users);
  const auto figure = [&] {
    CommandStream stream = make_access_switches(bench.next_stream(), count, first, last);
    const Run run = ask_one_at_a_time(dealer, stream.reel, {.count = count});
    check_receipts(stream, run);
    return median(run.microseconds);
  };
  figure();
  const std::vector<std::string> records = newest_records(daemon, std::min(count, sample_records));
  const auto floor = [&] { return median(bare.write_singly(records, count)); };
  floor();
  const Rounds rounds = alternate(bench.sizes.rounds, figure, floor);
  bench.report.add(prefix_of(kind) + "durable_rtt_over_sync", rounds,
                   {.name = prefix_of(kind) + "durable_rtt",
                    .unit = "us",
                    .floor_name = "LevelDB, one record, synced",
                    .details = {{"users", static_cast<double>(bench.sizes.small_users)},
                                {"record_bytes", mean_bytes(records)}}});
}

}  // namespace

void measure_commands(Bench& bench, const DaemonProcess& small) {
  SyncedLog bare(bench.scratch / "bare-leveldb");
  for (const DoorKind kind : {DoorKind::ipc, DoorKind::curve}) {
    measure_rate(bench, small, kind, bare);
    measure_round_trip(bench, small, kind, bare);
  }
}

}  // namespace postern::bench
