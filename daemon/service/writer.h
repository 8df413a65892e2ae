// The writer: commands in, receipts out after the disk. It owns the state and the journal's write
// side, which it lends to one piece of work at a time: while a big group is appended beside it, it
// decides the next.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "daemon/credential/hash_pool.h"
#include "daemon/credential/key_store.h"
#include "daemon/credential/password.h"
#include "daemon/credential/sealing.h"
#include "daemon/domain/command_ids.h"
#include "daemon/domain/message.h"
#include "daemon/domain/state.h"
#include "daemon/journal/journal.h"
#include "daemon/platform/entropy.h"
#include "daemon/service/command_task.h"
#include "daemon/service/fair_places.h"
#include "daemon/service/inbound.h"
#include "daemon/service/letters.h"
#include "daemon/service/present.h"
#include "daemon/service/receipts.h"
#include "daemon/service/refusal_grid.h"
#include "daemon/service/room.h"
#include "daemon/service/turns.h"
#include "daemon/service/vitals.h"

namespace postern::service {

using Send = std::function<void(const Peer&, std::span<const std::uint8_t>)>;

/// Owned by one thread for life. A turn: `turn`, then `take` for each message that is there, then
/// `commit`. Messages are decided as they come while a turn has time for them; those that come
/// beyond wait, each operator's in a line of its own. Nothing leaves before the sync (law 2), no
/// receipt before queries are answered from what it acknowledges; after the first failed sync
/// nothing is acknowledged any more (law 3).
class Writer {
 public:
  /// All outlive the writer.
  struct Parts {
    journal::Journal& journal;
    credential::KeyStore& keys;
    credential::HashPool& pool;
    Present& clock;
    platform::Entropy& entropy;
    platform::Waker& waker;
    Vitals& vitals;
    Mailboxes& mail;
    /// Runs the work on another thread, or later on this one; the writer hands over no second
    /// before the first is done.
    std::function<void(std::move_only_function<void()>)> run_beside;
  };

  /// Groups of fewer records are not worth waking another thread twice.
  static constexpr std::size_t records_beside_min = 32;

  struct Settings {
    credential::PasswordCost cost;
    /// Places behind a password command that is being hashed; shared among operators.
    std::size_t waiting_max = 1'024;
    /// Places of the large messages among those being hashed; the pool bounds the others.
    std::size_t hashing_places_max = 16'384;
    /// Places of messages that wait for their operator's turn: 128 MiB of them.
    std::size_t turn_places_max = 8'192;
    /// What is decided before the socket is looked at again; see `Draft::work`.
    std::size_t slice_work = 200'000;
    /// Messages answered together.
    std::size_t group_max = 1'000;
    std::uint64_t disk_floor_bytes = 128U << 20U;
    /// C9: a service's refused change of a password is answered at a multiple of this after it
    /// came; 0: at once.
    std::int64_t refusal_step_ns = 0;
  };

  /// What the writer tells the outside.
  struct Outlets {
    /// A receipt to whoever sent the command.
    Send send;
    /// The identities that may connect from now on.
    std::function<void(std::set<std::string>)> operators_changed;
    /// Free bytes where the data lies.
    std::function<std::uint64_t()> disk_free;
    /// After each look at the disk: whether the reserve for a full one may be held.
    std::function<void(bool)> hold_reserve;
    /// A sentence an operator must see.
    std::function<void(std::string)> alarm;
    HasRoom has_room = always_has_room;
  };

  Writer(Parts parts, Settings settings, Outlets outlets, domain::State state,
         domain::CommandIds ids);

  /// Takes what other threads have sent, and what time has made due.
  void turn();
  /// One message from the command socket.
  void take(const Inbound& inbound);
  /// Decides what waits, for one slice; makes the group durable, then lets everything out that
  /// rests on it. False: the group before it is still on its way to the disk, and this one goes on
  /// gathering.
  bool commit();
  /// Nothing is decided until a `commit` was true.
  bool is_full() const {
    return group_.replies.size() >= settings_.group_max || group_.bytes >= group_bytes_max;
  }

  /// Milliseconds until a turn is due without anything arriving.
  std::int64_t idle_ms() const;

  /// Refuses what comes from now on (`stopping`), and what waits for a password's hash that has not
  /// begun; the rest is finished. True when nothing is under way.
  bool drain();

  const domain::State& state() const { return state_; }
  const domain::CommandIds& ids() const { return ids_; }

 private:
  using Task = std::unique_ptr<CommandTask>;
  struct Reply;
  /// A group of large batches is made durable before it has `group_max`.
  static constexpr std::size_t group_bytes_max = 16 * 1'048'576;
  /// What making a group durable came to.
  struct Durable {
    Expected<journal::Head> head;
    /// U11: whether the keys of those it erases are destroyed.
    Expected<> erased;
  };

  // ---- one message's way
  /// A message as it came, until its operator's turn.
  struct Waiting {
    Peer peer;
    std::string identity;
    std::vector<std::byte> bytes;
    std::int64_t came_ns;
    Uuid asker;
    Owed::Claim owed;
  };
  void go_on();
  void open(const Inbound& inbound, std::int64_t came_ns, Owed::Claim owed);
  void turn_away_unopened(const Inbound& inbound);
  void admit(Task task);
  void turn_away(const Inbound& inbound, schema::ProblemT problem);
  bool refused_at_the_gate(CommandTask& task, const domain::Operator& asker);
  void check_signature(const CommandTask& task, const domain::Operator& asker,
                       std::vector<schema::ProblemT>& problems) const;
  schema::Code cannot_now() const;
  bool is_in_window(const Uuid& id) const;
  bool answered_before(CommandTask& task, const domain::Operator& asker);
  void repeat(CommandTask& task, domain::Seq seq);
  void decide(Task task);
  void record(CommandTask& task, domain::Draft draft, const domain::Context& context);
  void hash(Task task, const domain::Operator& asker);
  void hashed(Task task);

  // ---- waiting behind a password command
  bool is_under_way(const CommandTask& task) const;
  bool must_wait(const CommandTask& task) const;
  void wait(Task task, const domain::Operator& asker);
  void hold(CommandTask& task);
  void release(const CommandTask& task);
  void admit_waiting();

  // ---- what the daemon itself records
  void take_attempt(std::unique_ptr<Attempt> attempt);
  void take_use(std::unique_ptr<UseLetter> letter);
  void note_refusal(const Uuid& operator_id, schema::Code code);
  void record_due_refusals();
  Task internal_task(schema::CommandMessageT message);
  void watch_disk();
  void watch_clock();

  void prepare(CommandTask& task);
  void reply(const CommandTask& task, Message receipt);
  void refuse(const CommandTask& task, std::vector<schema::ProblemT> problems);
  void refuse(const CommandTask& task, schema::Code code, std::string_view detail = {});
  const domain::Operator* asker_of(const CommandTask& task) const;
  std::int64_t now_ns() const;
  Durable append();
  void finish(const Durable& durable);
  void leave_unacknowledged(std::vector<Reply>& replies) const;
  void publish(const journal::Head& head);
  void send_shown();
  void revoke_secrets();
  domain::Seq synced_seq() const;
  const Message& unsynced_record(domain::Seq seq) const;

  struct Reply {
    Peer peer;
    Uuid id;
    Message receipt;
    bool shows_secret = false;
    /// U11: it acknowledges an erasure.
    bool erases = false;
    /// When what it refuses came, if it leaves by the grid.
    std::optional<std::int64_t> on_the_grid_since_ns = {};
    Owed::Claim owed = {};

    /// Says so instead.
    void revoke(schema::Code code = schema::Code::journal_unavailable);
  };
  /// Replies of a durable group that leave when the reader shows this seq.
  struct Unsent {
    domain::Seq seq = 0;
    std::vector<Reply> replies;
  };
  /// What becomes durable together.
  struct Group {
    std::vector<Message> records;
    std::vector<Reply> replies;
    std::unique_ptr<Published> published = std::make_unique<Published>();
    /// U11: keys to be destroyed once it is durable, before anything leaves.
    std::vector<credential::KeySlot> erased;
    bool operators_changed = false;
    /// If operators changed: who may connect once it is durable.
    std::set<std::string> identities;

    /// Of records and receipts.
    std::size_t bytes = 0;

    void add(Reply reply);
    bool empty() const { return records.empty() && replies.empty() && published->attempts.empty(); }
    /// Gives back the changes that nobody will see.
    domain::Changes revoke();
  };
  struct Appended : Letter {
    Durable durable;
  };
  struct Refusals {
    /// Not recorded before this.
    std::int64_t next_ns = 0;
    std::uint32_t count = 0;
    schema::Code code = schema::Code::ok;
  };
  struct UuidHash {
    std::size_t operator()(const Uuid& id) const { return domain::hash_of(id); }
  };

  Parts parts_;
  Settings settings_;
  Outlets outlets_;
  /// Receipts under way.
  Owed owed_;
  domain::State state_;
  domain::CommandIds ids_;
  /// The reader began with this.
  domain::Seq first_shown_;
  journal::Head head_;
  TaskMaker maker_;
  /// Gathers.
  Group group_;
  /// Becomes durable; its records are read on two threads then and changed by none.
  Group syncing_;
  bool is_syncing_ = false;
  /// Of groups that failed. Queries go on from the entries they replaced, which live here alone.
  std::vector<domain::Changes> revoked_;
  std::deque<Unsent> unsent_;
  std::int64_t next_watch_ns_ = 0;
  bool clock_is_suspect_ = false;

  std::size_t hashing_ = 0;
  std::unordered_set<std::string> held_names_;
  std::unordered_set<Uuid, UuidHash> held_ids_;
  std::deque<Task> waiting_;
  FairPlaces waiting_places_;
  Turns<Waiting> turns_;
  FairPlaces turn_places_;
  /// What was decided in this slice.
  std::size_t work_ = 0;
  FairPlaces hashing_places_;
  RefusalGrid refusals_on_time_;
  std::unordered_map<Uuid, Refusals, UuidHash> refusals_;

  Mailbox<CommandTask> hashed_;
  Mailbox<Appended> appended_;
};

/// Every identity that may connect.
template <template <class> class Handle>
std::set<std::string> identities_in(const domain::Tables<Handle>& tables) {
  std::set<std::string> identities;
  tables.for_each_operator([&](const domain::Operator& entry) {
    for (std::string& identity : domain::identities_of(entry))
      identities.insert(std::move(identity));
  });
  return identities;
}

}  // namespace postern::service
