// What the services measure of themselves for the page of metrics. Each tally has one thread that
// writes it, without a lock and without waiting; any thread reads.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "command_generated.h"
#include "history_generated.h"
#include "query_generated.h"

namespace postern::service {

/// Only rises.
class Tally {
 public:
  void add(std::uint64_t more = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// How long something took, in steps from 50 µs to 30 s.
class DurationTally {
 public:
  static constexpr std::array<std::int64_t, 15> bounds_ns = {
      50'000,      100'000,     250'000,       1'000'000,     2'500'000,
      5'000'000,   10'000'000,  25'000'000,    50'000'000,    100'000'000,
      250'000'000, 500'000'000, 1'000'000'000, 5'000'000'000, 30'000'000'000};

  void add(std::int64_t duration_ns, std::uint64_t times = 1) {
    std::size_t place = 0;
    while (place < bounds_ns.size() && duration_ns > bounds_ns[place]) ++place;
    counts_[place].add(times);
    sum_ns_.add(times * static_cast<std::uint64_t>(duration_ns > 0 ? duration_ns : 0));
  }

  /// How many took up to the bound of this place, but longer than the one before; the last: longer
  /// than all bounds.
  std::uint64_t count(std::size_t place) const { return counts_[place].read(); }
  std::uint64_t sum_ns() const { return sum_ns_.read(); }
  std::uint64_t count() const {
    std::uint64_t all = 0;
    for (const Tally& one : counts_) all += one.read();
    return all;
  }

 private:
  std::array<Tally, bounds_ns.size() + 1> counts_;
  Tally sum_ns_;
};

/// Codes are below this.
inline constexpr std::size_t codes_max = 512;

class CodeTally {
 public:
  void add(schema::Code code) { counts_[static_cast<std::size_t>(code) % codes_max].add(); }
  std::uint64_t count(schema::Code code) const {
    return counts_[static_cast<std::size_t>(code) % codes_max].read();
  }

 private:
  std::array<Tally, codes_max> counts_;
};

/// Of one socket's messages, by kind: how long they took, and which were refused.
template <class Kind, Kind last>
struct MessageTally {
  static constexpr std::size_t kinds = static_cast<std::size_t>(last) + 1;

  /// `duration_ns` negative: not known.
  void add(Kind kind, schema::Code code, std::int64_t duration_ns) {
    const std::size_t place = static_cast<std::size_t>(kind) % kinds;
    if (code != schema::Code::ok) codes.add(code);
    if (duration_ns >= 0) (code == schema::Code::ok ? answered : refused)[place].add(duration_ns);
  }

  std::array<DurationTally, kinds> answered;
  std::array<DurationTally, kinds> refused;
  CodeTally codes;
};

struct Measures {
  /// The writer's. A batch of several commands is of the kind `NONE`.
  MessageTally<schema::CommandBody, schema::CommandBody::MAX> commands;
  /// The reader's; of each, from its taking to the answer. Those answered in the turn in which they
  /// came share its time.
  MessageTally<schema::QueryBody, schema::QueryBody::MAX> queries;
  /// The historian's: what could be answered at once, and what the auditor answered. Waiting for
  /// records that are not there yet is no time.
  MessageTally<schema::HistoryBody, schema::HistoryBody::MAX> history;
  /// The reader's: single questions of access, by the reason; `ok`: allowed.
  CodeTally decisions;
  /// The reader's: passwords that were verified before.
  Tally password_cache_hits;
  /// Whoever makes a group durable; one at a time.
  DurationTally syncs;
};

}  // namespace postern::service
