// Records from the newest back: the history socket gives them by rising seq, so they are asked for
// in windows, each before the one that was read.
// Thread: main. Failure: `Stop`.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "history_generated.h"

namespace postern::cli {

class Session;

/// How much is read together, from the newest back, where `count` will do: no more than that, as
/// long as nothing says that little of what is read passes a filter.
class BackWindow {
 public:
  explicit BackWindow(std::uint64_t count);
  std::uint64_t size() const { return size_; }
  /// So many of the window passed.
  void passed(std::uint64_t count);

 private:
  std::uint64_t size_;
};

std::uint64_t newest_seq(Session& session);

/// The first record of this time or later; behind the newest where there is none.
std::uint64_t first_seq_since(Session& session, std::int64_t since_ns);

/// Those that match and are not before `wanted.from_seq`: window by window, within each by rising
/// seq. `count`: so many will do. `take` says whether to go on. Memory: one window, at most 50,000
/// records.
void read_back(Session& session, const schema::GetRecordsT& wanted, std::uint64_t count,
               const std::function<bool(const std::vector<schema::RecordT>&)>& take);

}  // namespace postern::cli
