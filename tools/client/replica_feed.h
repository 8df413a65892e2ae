// Pages of entries put together to the state that they tell of. Holds each page against what came
// before; knows no socket, clock or thread.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/domain/replica_entries.h"
#include "tools/client/client.h"

namespace postern::client {

/// Owned by one thread. Failure: `contradiction` where pages do not follow on each other, or come
/// from another journal; `protocol` where they are malformed. Then it is of no further use.
class ReplicaFeed {
 public:
  /// Of one entry.
  static constexpr std::uint64_t entry_bytes_max = 256 << 20;

  /// What was followed before, if anything was: it must be the same journal, and no older.
  struct Followed {
    std::string journal = {};
    std::uint64_t seq = 0;
  };

  ReplicaFeed() : ReplicaFeed(Followed{}) {}
  explicit ReplicaFeed(Followed before)
      : journal_(std::move(before.journal)), seq_before_(before.seq) {
    state_.give_hints();
  }
  ReplicaFeed(const ReplicaFeed&) = delete;
  ReplicaFeed& operator=(const ReplicaFeed&) = delete;

  /// What to ask for next.
  schema::GetAccessT next(std::chrono::milliseconds wait) const;
  /// `seq`: of the whole page. True: all entries together are the state at that seq.
  Result<bool> take(const schema::AccessPageT& page, std::uint64_t seq);

  const domain::State& state() const { return state_; }
  std::uint64_t seq() const { return seq_; }
  Followed followed() const { return {journal_, std::max(seq_, seq_before_)}; }
  /// Null: not told yet.
  const domain::Operator* asker() const;
  /// What was replaced since `clear_changes`.
  const domain::Changes& changes() const { return changes_; }
  void clear_changes() { changes_.clear(); }

 private:
  Result<> follow(const schema::AccessPageT& page, std::uint64_t seq);
  Result<> add(const schema::AccessPartT& part);
  Result<> take_entry(std::span<const std::uint8_t> entry);

  domain::State state_;
  domain::ReplicaReading reading_{state_};
  domain::Changes changes_;
  std::optional<domain::Uuid> asker_;
  std::string journal_;
  std::string next_;
  std::uint64_t seq_ = 0;
  std::uint64_t seq_before_ = 0;
  /// Of an entry that was begun.
  domain::Bytes begun_;
  std::uint64_t begun_size_ = 0;
};

}  // namespace postern::client
