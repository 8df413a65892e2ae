// C9: what refuses a password leaves on a grid of times.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "daemon/platform/peer.h"

namespace postern::service {

/// Refusals that wait for the next multiple of a step since their question came. They leave in the
/// order in which that is: the order in which they became ready tells a name that is there.
class RefusalGrid {
 public:
  /// The first multiple of `step_ns` above two hashes (C7), a wait for a processor and a sync; a
  /// user hashed at a lower cost than a name that nobody has is refused no sooner then.
  static std::int64_t step_above(std::int64_t step_ns, std::int64_t hash_ns) {
    return (3 * hash_ns / step_ns + 1) * step_ns;
  }

  /// 0: it is not used, everything leaves at once.
  explicit RefusalGrid(std::int64_t step_ns) : step_ns_(step_ns) {}

  bool is_used() const { return step_ns_ > 0; }

  /// Only where it is used. Both times are monotonic.
  void keep(std::int64_t came_ns, std::int64_t now_ns, const platform::Peer& peer,
            std::span<const std::uint8_t> bytes) {
    const std::int64_t due_ns = came_ns + ((now_ns - came_ns) / step_ns_ + 1) * step_ns_;
    waiting_.emplace(due_ns, Late{peer, {bytes.begin(), bytes.end()}});
  }

  template <class SendTo>
  void send_due(std::int64_t now_ns, SendTo send) {
    while (!waiting_.empty() && waiting_.begin()->first <= now_ns) {
      const Late late = std::move(waiting_.extract(waiting_.begin()).mapped());
      send(late.peer, std::span<const std::uint8_t>(late.bytes));
    }
  }

  bool empty() const { return waiting_.empty(); }
  /// When the next leaves; the greatest number: none waits.
  std::int64_t next_ns() const {
    return empty() ? std::numeric_limits<std::int64_t>::max() : waiting_.begin()->first;
  }

 private:
  struct Late {
    platform::Peer peer;
    std::vector<std::uint8_t> bytes;
  };

  std::int64_t step_ns_;
  /// By when they leave. No more than the pool hashes within a step, or waits for the disk.
  std::multimap<std::int64_t, Late> waiting_;
};

}  // namespace postern::service
