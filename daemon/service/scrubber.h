// The scrubber: reads every record again, slowly, and compares it with the tree in memory, so that
// what decays on the disk is found while there is something to restore it from.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "daemon/journal/tree.h"
#include "daemon/platform/clock.h"
#include "daemon/service/diagnostics.h"
#include "daemon/service/vitals.h"

namespace postern::service {

/// Owned by the historian's thread. Damage stops commands for the life of the process (law 3) and
/// is told; then it rests. What cannot be read for want of something else (descriptors, memory, a
/// mode, a disk that does not answer) is no damage: it is told once, and tried again.
class Scrubber {
 public:
  /// All outlive the scrubber.
  struct Parts {
    const journal::Journal& journal;
    const platform::Clock& clock;
    Vitals& vitals;
    Log log;
  };

  /// A pass begins a day after the last began, or when that is done. One over records of a common
  /// size is done within half a week, however many they are.
  static constexpr std::int64_t between_passes_ns = 86'400'000'000'000;
  static constexpr std::int64_t pass_ns_max = between_passes_ns * 7 / 2;
  static constexpr std::int64_t between_pages_ns = 1'000'000'000;
  /// Until what could not be read is tried again.
  static constexpr std::int64_t between_tries_ns = 60'000'000'000;
  static constexpr std::uint64_t page_records = 256;
  /// Looked at after each record: the historian serves nobody meanwhile.
  static constexpr std::uint64_t page_bytes = 1 << 20;

  explicit Scrubber(Parts parts);

  /// Reads a page of records if it is time.
  void turn();

 private:
  void begin();
  Expected<> read_page();
  void end();
  void found_damage(const Failure& failure);
  void could_not_look(const Failure& failure);
  void could_look();

  Parts parts_;
  bool found_damage_ = false;
  std::int64_t due_ns_;
  // Of the pass under way.
  bool under_way_ = false;
  std::int64_t began_ns_ = 0;
  /// By the clock on the wall.
  std::int64_t began_at_ns_ = 0;
  std::int64_t pace_ns_ = 0;
  journal::Head target_;
  journal::Tree tree_;
};

}  // namespace postern::service
