// How the daemon is: written by the threads that know, read by those that report. Figures alone, so
// atomics do.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common_generated.h"
#include "daemon/service/measures.h"

namespace postern::service {

struct Vitals {
  /// Law 3: the journal failed or is damaged; nothing is acknowledged any more.
  std::atomic<bool> degraded{false};
  /// U11: a key could not be destroyed; the next opening does it. Degraded, too.
  std::atomic<bool> erase_unfinished{false};
  std::atomic<bool> disk_low{false};
  std::atomic<bool> clock_suspect{false};
  /// How far the clock is behind the newest record, and ahead of what is believed.
  std::atomic<std::int64_t> clock_behind_ns{0};
  std::atomic<std::int64_t> clock_ahead_ns{0};
  /// The scrubber cannot read what it is to check; no damage.
  std::atomic<bool> scrub_hindered{false};
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> disk_free{0};
  /// H6: the newest checkpoint covers the records up to this; 0: none yet.
  std::atomic<std::uint64_t> checkpoint_seq{0};

  std::atomic<std::uint64_t> commands{0};
  std::atomic<std::uint64_t> commands_refused{0};
  std::atomic<std::uint64_t> commands_repeated{0};
  std::atomic<std::uint64_t> records{0};
  std::atomic<std::uint64_t> groups{0};
  std::atomic<std::uint64_t> queries{0};
  std::atomic<std::uint64_t> decisions{0};
  std::atomic<std::uint64_t> password_checks{0};
  /// Those of them that took a hash.
  std::atomic<std::uint64_t> password_hashes{0};
  std::atomic<std::uint64_t> history_requests{0};
  /// Messages that did not pass the gate for untrusted bytes.
  std::atomic<std::uint64_t> malformed{0};
  /// Messages of peers that are no operators (any more): dropped without an answer.
  std::atomic<std::uint64_t> strangers{0};
  std::atomic<std::uint64_t> busy{0};
  /// Records read again since the start, and how often all of them were.
  std::atomic<std::uint64_t> scrubbed_records{0};
  std::atomic<std::uint64_t> scrub_passes{0};
  /// When the newest of these passes began; 0: none is done.
  std::atomic<std::int64_t> read_whole_ns{0};

  /// A group is on its way to the disk since this, by the monotonic clock; 0: none is.
  std::atomic<std::int64_t> sync_began_ns{0};
  // What waits now: messages of commands for their operator's turn, and behind others; questions
  // for a seq, and those of many parts; requests for records, and for the auditor.
  std::atomic<std::uint64_t> commands_waiting{0};
  std::atomic<std::uint64_t> commands_held{0};
  std::atomic<std::uint64_t> questions_parked{0};
  std::atomic<std::uint64_t> checks_under_way{0};
  std::atomic<std::uint64_t> requests_parked{0};
  std::atomic<std::uint64_t> audits_waiting{0};
  /// When each provider's ranges were imported, by its number; until when a copy of the keys is
  /// kept (U11); when the newest snapshot was written. UTC nanoseconds since 1970, 0: there is
  /// none.
  std::array<std::atomic<std::int64_t>, static_cast<std::size_t>(schema::Provider::MAX) + 1>
      ranges_imported_ns{};
  std::atomic<std::int64_t> keys_kept_until_ns{0};
  std::atomic<std::int64_t> snapshot_ns{0};
  /// The record up to which that snapshot stands for; 0: for none.
  std::atomic<std::uint64_t> snapshot_seq{0};
  /// How large it is; how long the newest took that was written beside; 0: not known.
  std::atomic<std::uint64_t> snapshot_bytes{0};
  std::atomic<std::int64_t> snapshot_writing_ns{0};

  Measures measures;
};

/// One reason why nothing can be recorded: what refuses commands, what the status says, what keeps
/// the daemon from being ready all come from this one list.
struct Refusing {
  std::atomic<bool> Vitals::*holds;
  schema::Code code;
  /// On the metrics page.
  std::string_view name;
  std::string_view help;
  std::string_view sentence;
};

/// The first that holds is told.
inline constexpr Refusing refusing[] = {
    {&Vitals::erase_unfinished, schema::Code::erase_unfinished, "erase_unfinished",
     "1: an erased user's key could not be destroyed; commands are refused.",
     "the key of an erased user could not be destroyed: commands are refused until the daemon is "
     "restarted, which finishes it"},
    {&Vitals::degraded, schema::Code::journal_unavailable, "degraded",
     "1: the journal failed, or an erasure is unfinished; commands are refused.",
     "the journal failed or is damaged: commands are refused until the daemon is restarted"},
    {&Vitals::clock_suspect, schema::Code::clock_suspect, "clock_suspect",
     "1: the clock is not believed, commands are refused.",
     "the clock is not believed: commands are refused until it is right, or the daemon is "
     "restarted with --confirm-clock"},
    {&Vitals::disk_low, schema::Code::disk_low, "disk_low",
     "1: free space is under the floor, commands are refused.",
     "free disk space is under the floor: commands are refused until there is more"},
    {&Vitals::stopping, schema::Code::stopping, "stopping",
     "1: the daemon is stopping, commands are refused.",
     "the daemon is stopping: commands are refused until it is back"},
};

/// Why nothing can be recorded now; `ok`: it can.
inline schema::Code cannot_record(const Vitals& vitals) {
  for (const Refusing& reason : refusing)
    if (vitals.*reason.holds) return reason.code;
  return schema::Code::ok;
}

/// Of one of the table's.
constexpr std::string_view sentence_of(std::atomic<bool> Vitals::*holds) {
  for (const Refusing& reason : refusing)
    if (reason.holds == holds) return reason.sentence;
  return {};
}

/// The sentences of all reasons that hold.
inline std::vector<std::string> refusing_now(const Vitals& vitals) {
  std::vector<std::string> told;
  for (const Refusing& reason : refusing) {
    // An unfinished erasure degrades too, but the journal is whole.
    const bool is_named = reason.holds == &Vitals::degraded && vitals.erase_unfinished;
    if (vitals.*reason.holds && !is_named) told.emplace_back(reason.sentence);
  }
  return told;
}

/// Where no other thread does: without a lock on the processor's bus.
inline void count_alone(std::atomic<std::uint64_t>& counter, std::uint64_t more = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

inline void count(std::atomic<std::uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace postern::service
