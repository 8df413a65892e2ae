// `status --watch`: a live board at a terminal, blocks of lines elsewhere.
#pragma once

#include <chrono>
#include <cstdint>

namespace postern::cli {

class Session;

struct Watching {
  std::chrono::milliseconds interval{1'000};
  /// End after so many answers; 0: when it is quit.
  std::uint64_t count_max = 0;
};

/// Until q or a signal, which then ends the program as it would have. The terminal is as it was,
/// whatever ends it.
int watch_status(Session& session, const Watching& watching);

}  // namespace postern::cli
