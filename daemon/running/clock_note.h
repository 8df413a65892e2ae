// What the daemon notes of its clock, so that a start with a clock that is far ahead is noticed.
// Thread: main's. Lifetime: rewritten each hour and at stop. Failure: it holds no state; without
// it, or with one that cannot be read, the newest record and checkpoint alone are signs of life.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "daemon/data/data_folder.h"
#include "daemon/domain/day.h"
#include "daemon/service/present.h"

namespace postern::running {

using domain::day_ns;

struct ClockNote {
  /// UTC nanoseconds since 1970, as believed.
  std::int64_t time_ns = 0;
  /// Records up to this time were ahead of a clock that an operator confirmed; 0: none.
  std::int64_t confirmed_until_ns = 0;
};

/// Absent: there is none. `damaged`: it is none of ours.
Expected<std::optional<ClockNote>> read_clock_note(const std::filesystem::path& file);
/// All or nothing.
Expected<> write_clock_note(const std::filesystem::path& file, const ClockNote& note);

/// What a start found of the clock.
struct ClockAtStart {
  /// Ahead of the newest sign of life: note, record, checkpoint. Negative: behind it.
  std::int64_t ahead_ns = 0;
  /// Why the note could not be used; absent: it could, or there is none.
  std::optional<Failure> note_trouble;
};

/// Begins to judge the clock by what was opened. Fails with `in_use` if it is more than 31 days
/// ahead of the newest sign of life and nobody has confirmed it; being behind is judged by
/// `present` from then on.
Expected<ClockAtStart> begin_with_clock(const data::DataPaths& paths, const data::OpenedData& data,
                                        bool confirmed, service::Present& present);

}  // namespace postern::running
