// The historian: pages of records, and follow (Q7); checkpoints and proofs (H6); in between the
// scrubber reads. What takes long it hands to the auditor.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <vector>

#include "daemon/credential/key_copy.h"
#include "daemon/domain/fold.h"
#include "daemon/journal/checkpoint_keeper.h"
#include "daemon/journal/proof.h"
#include "daemon/platform/clock.h"
#include "daemon/service/access_pages.h"
#include "daemon/service/call_pages.h"
#include "daemon/service/diagnostics.h"
#include "daemon/service/fair_places.h"
#include "daemon/service/inbound.h"
#include "daemon/service/letters.h"
#include "daemon/service/pages.h"
#include "daemon/service/room.h"
#include "daemon/service/scrubber.h"
#include "daemon/service/vitals.h"
#include "daemon/view/view.h"

namespace postern::service {

using Send = std::function<void(const Peer&, std::span<const std::uint8_t>)>;

/// Owned by one thread for life. A turn: `turn`, then `take` for each message that is there. May
/// wait for the disk.
class Historian {
 public:
  /// All outlive the historian.
  struct Parts {
    const journal::Journal& journal;
    journal::CheckpointKeeper& checkpoints;
    const platform::Clock& clock;
    Vitals& vitals;
    Mailboxes& mail;
    Log log;
    /// L1; null: calls are not recorded here.
    CallPages* calls = nullptr;
    /// U11; null: no copy of the keys is given here.
    const credential::KeyStore* keys = nullptr;
    HasRoom has_room = always_has_room;
  };

  struct Settings {
    std::size_t parked_max = 1'000;
    std::uint32_t wait_max_ms = 10'000;
    /// Questions that wait for the auditor.
    std::size_t audits_max = 64;
  };

  Historian(Parts parts, Settings settings, Send send, view::View view, journal::Head head,
            std::int64_t time_ns);

  void turn();
  void take(const Inbound& inbound);
  /// Milliseconds until a turn is due without anything arriving.
  std::int64_t idle_ms() const;

 private:
  /// A request that waits for a seq (Q8) or for the next record that matches (Q7).
  struct Parked {
    Peer peer;
    std::string identity;
    OpenedMessage<schema::HistoryRequest> request;
    std::int64_t deadline_ns = 0;
    /// Where a follower's search goes on; 0: at the seq or position it named.
    std::uint64_t from = 0;
    /// Whose place it takes.
    Uuid asker = {};
    /// By the monotonic clock; 0: it came now.
    std::int64_t came_ns = 0;
    /// Up to which record receipts had left when it came; 0: it has waited for that.
    domain::Seq told = 0;
  };

  /// What is being answered, and since when, by the monotonic clock; absent: not opened.
  struct UnderWay {
    schema::HistoryBody kind = schema::HistoryBody::NONE;
    std::optional<std::int64_t> since_ns = {};
  };

  void begin(schema::HistoryBody kind, std::int64_t since_ns);
  void measure(schema::Code code);
  void answer(Parked waiting, const domain::Operator& asker);
  /// Who is no operator any more learns nothing, but a replica at once that it must stop.
  void turn_away(const Peer& peer, const schema::HistoryRequest& request);
  void give_records(Parked waiting, const domain::Operator& asker,
                    const schema::GetRecords& wanted);
  /// The first record of this time or later, by halves; behind the head where there is none.
  Expected<domain::Seq> seq_from(std::int64_t time_ns, domain::Seq head_seq);
  /// A page leaves, or `busy` where it finds no room: the peer does not read what it has.
  void leave(const Peer& peer, std::uint64_t id, std::span<const std::uint8_t> page);
  void give_calls(Parked waiting, const domain::Operator& asker, const schema::ListCalls& wanted);
  void give_access(Parked waiting, const domain::Operator& asker, const schema::GetAccess& wanted);
  void give_checkpoint(const Peer& peer, std::uint64_t id);
  void give_consistency(const Peer& peer, std::uint64_t id, const schema::GetConsistency& wanted);
  void give_inclusion(const Peer& peer, std::uint64_t id, const schema::GetInclusion& wanted);
  void give_keys(const Peer& peer, std::uint64_t id, const schema::GetKeys& wanted);
  /// The recipient that the record names for a copy of the keys, while it may be given.
  std::expected<credential::Recipient, schema::ProblemT> recipient_of(domain::Seq seq);
  void give_proof(const Peer& peer, std::uint64_t id, const Expected<journal::Proof>& proof,
                  std::uint64_t size);
  /// Tells the reader of a new checkpoint, an operator of one that could not be made.
  void tell(const Expected<bool>& made);
  void give(const Peer& peer, std::uint64_t id, schema::HistoryPageBodyUnion body);
  void hand_to_auditor(const Peer& peer, const domain::Operator& asker,
                       OpenedMessage<schema::HistoryRequest> request);
  /// What became of one that would wait.
  enum class Wait { parked, over, busy };
  Wait park(Parked& waiting, const domain::Operator& asker, std::uint32_t wait_ms);
  void refuse_busy(const Peer& peer, std::uint64_t id);
  void unpark();
  void refuse(const Peer& peer, std::uint64_t id, schema::ProblemT problem,
              std::uint32_t retry_after_ms = 0);

  Parts parts_;
  Settings settings_;
  Send send_;
  view::View view_;
  journal::Head head_;
  std::int64_t head_time_ns_;
  std::vector<Parked> parked_;
  FairPlaces parking_;
  FairPlaces audits_;
  bool checkpoints_fail_ = false;
  UnderWay under_way_;
  domain::RecordGate gate_;
  AccessPages access_;
  Scrubber scrubber_;
};

}  // namespace postern::service
