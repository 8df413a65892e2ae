// The recorder: takes the reader's notes out of the line, writes the logged ones into the ring
// (L1), counts all of them by user (D1), and hands summaries over for the journal.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "daemon/calls/call_line.h"
#include "daemon/calls/call_ring.h"
#include "daemon/calls/seen_lately.h"
#include "daemon/calls/use_counters.h"
#include "daemon/credential/key_store.h"
#include "daemon/platform/clock.h"

namespace postern::calls {

/// Owned by one thread; the figures are for any. A disk that fails or is low costs entries, which
/// are counted, and nothing else.
class Recorder {
 public:
  /// All outlive the recorder.
  struct Parts {
    CallLine& line;
    CallRing& ring;
    const credential::KeyStore& keys;
    const platform::Clock& clock;
    platform::Entropy& entropy;
  };

  struct Outlets {
    /// Summaries for the journal; they come back through `take_back`, and none is handed over
    /// before the last came back.
    std::function<void(UseSummaries)> hand_over;
    /// False: the disk is low.
    std::function<bool()> may_write;
    /// Entries were written.
    std::function<void()> written;
    /// What could not be written.
    std::function<void(const Failure&)> failed;
  };

  Recorder(Parts parts, Outlets outlets) : parts_(parts), outlets_(std::move(outlets)) {}

  /// Takes what is in the line, does what time has made due.
  void turn();
  void take_back(UseSummaries summaries);
  /// H11: what the journal does not hold of how a tenant's users were used, with every call noted
  /// before this; calls that are logged are in the ring then. Absent: some is on its way to the
  /// journal; ask again when it came back.
  using Unrecorded = std::unordered_map<Uuid, domain::UseSum, domain::UuidHash>;
  std::optional<Unrecorded> unrecorded(const Uuid& tenant);
  /// At a clean stop: hands over everything that may be recorded, without waiting for what comes
  /// back.
  void hand_over_all();
  /// Writes and syncs what there is.
  void close();
  /// Milliseconds until a turn is due; it is longer while nothing comes.
  std::int64_t idle_ms();

  std::uint64_t recorded() const { return recorded_.load(std::memory_order_relaxed); }
  /// Any thread.
  const SeenLately& seen() const { return seen_; }
  /// Calls that neither log nor counts hold, and entries the disk did not take.
  std::uint64_t dropped() const {
    return dropped_.load(std::memory_order_relaxed) + parts_.line.dropped();
  }

 private:
  /// The key of the user of the note before; kept for one turn, so that an erased user's is gone.
  struct LastKey {
    Uuid user;
    std::optional<credential::UserKey> key;
  };

  void take_notes();
  void record(const CallNote& note, LastKey& last);
  void write();
  void hand_over_due();

  Parts parts_;
  Outlets outlets_;
  UseCounters counters_;
  SeenLately seen_;
  std::atomic<std::uint64_t> recorded_{0};
  std::atomic<std::uint64_t> dropped_{0};
  bool write_failed_ = false;
  bool under_way_ = false;
  int quiet_turns_ = 0;
  std::int64_t next_sync_ns_ = 0;
  std::int64_t next_collect_ns_ = 0;
  std::int64_t next_hand_over_ns_ = 0;
};

}  // namespace postern::calls
