// GroupAnswers that are durable, until queries show what they rest on.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "daemon/platform/clock.h"
#include "daemon/service/group.h"
#include "daemon/service/measures.h"
#include "daemon/service/refusal_grid.h"
#include "daemon/service/task_pool.h"

namespace postern::service {

using Send = std::function<void(const Peer&, std::span<const std::uint8_t>)>;

/// Owned by the writer. Whoever has a receipt finds every later question answered from what it
/// acknowledges. They leave in the order they came, but for those on the grid of times (C9).
class ReplyLine {
 public:
  /// `grid_step_ns`: 0: there is no grid.
  ReplyLine(Send send, const platform::Clock& clock, Measures& measures, TaskPool& tasks,
            std::int64_t grid_step_ns)
      : send_(std::move(send)),
        clock_(clock),
        measures_(measures),
        tasks_(tasks),
        grid_(grid_step_ns) {}

  bool has_grid() const { return grid_.is_used(); }
  bool empty() const { return unsent_.empty() && grid_.empty(); }

  /// They leave when questions are answered from a state that holds the record `seq`.
  void add(domain::Seq seq, GroupAnswers answers);
  void send_shown(domain::Seq shown_seq);
  /// What the next wait for; 0: none waits.
  domain::Seq awaited_seq() const { return unsent_.empty() ? 0 : unsent_.front().seq; }
  /// The memory of answers that have left, for the next; they are empty.
  GroupAnswers take_room();

  /// A secret is worth nothing while the journal is broken, so it stays. Asked again after a
  /// restart, the receipt says that the secret is to be made anew.
  void revoke_secrets();

  /// Until the next is due by time alone; `most_ms`: none is.
  std::int64_t idle_ms(std::int64_t most_ms) const;

 private:
  struct Unsent {
    domain::Seq seq = 0;
    GroupAnswers answers;
  };

  void send(GroupAnswers& answers, std::int64_t now_ns);

  Send send_;
  const platform::Clock& clock_;
  Measures& measures_;
  TaskPool& tasks_;
  std::deque<Unsent> unsent_;
  GroupAnswers room_;
  RefusalGrid grid_;
};

}  // namespace postern::service
