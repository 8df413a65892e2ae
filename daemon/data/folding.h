// Records folded on a thread of their own, while whoever reads them checks those that follow.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "daemon/domain/command_ids.h"
#include "daemon/domain/fold.h"
#include "daemon/domain/past_index.h"
#include "daemon/domain/state.h"
#include "daemon/journal/journal.h"

namespace postern::data {

/// What records are folded into.
struct Folded {
  domain::State& state;
  domain::PastIndex& past;
  domain::CommandIds& ids;
  /// What the first record says.
  schema::Uuid& installation;
};

/// Owned by one thread, which takes. Its own has what is folded into until it is finished. Holds a
/// few batches of records, about 1 MiB.
class Folding {
 public:
  /// Ids of before the window of `now_ms` are dropped on the way.
  Folding(const Folded& into, std::int64_t now_ms);
  ~Folding();
  Folding(const Folding&) = delete;
  Folding& operator=(const Folding&) = delete;

  /// The next record: opened here, folded there. Fails if it, or one before it, cannot be.
  Expected<> take(std::uint64_t seq, journal::View bytes);
  /// All that was taken is folded. Fails with the first that cannot be; may be repeated.
  Expected<> finish();

 private:
  struct Batch {
    /// Of the records, one after the other; they stay where they are.
    std::vector<std::byte> bytes;
    std::vector<const schema::Record*> records;

    /// A copy at a multiple of 8. Empty: there is no room left for it.
    std::span<const std::byte> add(journal::View record);
    /// Its memory stays.
    void empty_out();
  };

  Expected<> hand_over();
  Expected<> folded() const;
  void work();
  Expected<> fold(std::span<const schema::Record* const> records, domain::Changes& changes);
  Expected<> fold(const schema::Record& record, domain::Changes& changes);
  void fetch_users(std::span<const schema::Record* const> records) const;
  void remember(std::span<const schema::Record* const> records);

  const Folded into_;
  const std::int64_t now_ms_;
  Batch filling_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> waiting_;
  /// Empty, with memory for the next.
  std::vector<Batch> spares_;
  bool is_working_ = false;
  bool is_ending_ = false;
  /// Of the first that could not be folded.
  std::optional<Failure> failure_;
  std::thread thread_;
};

}  // namespace postern::data
