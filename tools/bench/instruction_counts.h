// What callgrind counted in the threads of a daemon.
// Thread: any; nothing changes. Failure: Trouble, where a file is none of callgrind's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace postern::bench {

/// Of one thread, from its start to its end.
struct ThreadCounts {
  std::uint64_t instructions = 0;
  /// Pieces of memory taken, without those that libzmq takes for its messages.
  std::uint64_t allocations = 0;
};

/// What one profile says; `text`: of one thread, as `--separate-threads=yes` writes it.
ThreadCounts counts_in(std::string_view text);

/// Of the thread that ran a function whose name holds this, of all profiles in the folder.
ThreadCounts counts_of(const std::filesystem::path& folder, std::string_view function);

}  // namespace postern::bench
