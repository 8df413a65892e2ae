// The writer: commands in, receipts out after the disk. It owns the state; the gate, the commands
// behind a hash and the group commit are classes of their own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/credential/hash_pool.h"
#include "daemon/credential/key_store.h"
#include "daemon/domain/state.h"
#include "daemon/journal/journal.h"
#include "daemon/platform/entropy.h"
#include "daemon/service/block_pool.h"
#include "daemon/service/command_gate.h"
#include "daemon/service/command_hashing.h"
#include "daemon/service/command_turns.h"
#include "daemon/service/diagnostics.h"
#include "daemon/service/group_commit.h"
#include "daemon/service/guard_desk.h"
#include "daemon/service/held_commands.h"
#include "daemon/service/own_messages.h"
#include "daemon/service/reply_line.h"
#include "daemon/service/room.h"
#include "daemon/service/task_pool.h"

namespace postern::service {

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

  struct Settings {
    credential::PasswordCost cost;
    /// Places behind a password command that is being hashed; shared among operators.
    std::size_t waiting_max = 1'024;
    /// Places of the large messages among those being hashed; the pool bounds the others.
    std::size_t hashing_places_max = 16'384;
    /// Places of guarded messages that wait for what is known of calls.
    std::size_t guard_places_max = 64;
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
    Log log;
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
  bool is_full() const { return groups_.is_full(group_max_); }
  /// Before more is taken: the disk waits for the next group, or receipts may leave.
  bool is_turn_due() const {
    const domain::Seq awaited = replies_.awaited_seq();
    return groups_.is_turn_due() || (awaited != 0 && parts_.mail.shown_seq() >= awaited);
  }

  /// Milliseconds until a turn is due without anything arriving.
  std::int64_t idle_ms() const;

  /// Refuses what comes from now on (`stopping`), and what waits for a password's hash that has not
  /// begun; the rest is finished. True when nothing is under way.
  bool drain();

  // Settings that may change while it runs; any thread.
  void set_disk_floor(std::uint64_t bytes) { disk_floor_bytes_ = bytes; }
  void set_group_max(std::size_t messages) { group_max_ = messages; }

  const domain::State& state() const { return state_; }
  const domain::CommandIds& ids() const { return gate_.ids(); }

 private:
  using Task = std::unique_ptr<CommandTask>;

  // ---- one message's way, in this order
  void take_turns();
  void open(const Inbound& inbound, std::int64_t came_ns, Owed::Claim owed);
  void admit(Task task);
  bool repeated(Task& task, const domain::Operator& asker);
  void repeat(Task task, domain::Seq seq);
  void wait(Task task, const domain::Operator& asker);
  bool prepare(CommandTask& task);
  void decide(Task task);
  void decide(Task task, domain::Draft& draft);
  bool waits_for_evidence(Task& task, const domain::Operator& asker);
  void take_evidence(std::unique_ptr<EvidenceLetter> letter);
  void hash(Task task, const domain::Operator& asker);
  void hashed(Task task);
  void record(Task task, domain::Draft& draft, const domain::Context& context);

  // ---- what the daemon itself records
  void take_attempt(std::unique_ptr<Attempt> attempt);
  void take_use(std::unique_ptr<UseLetter> letter);
  void record_due_refusals();
  void record_own(OwnTask own);
  schema::Code decide_own(const OwnTask& own);
  Uuid new_id() const { return maker_.new_id(now_ns()); }

  // ---- answers
  void turn_away(const Inbound& inbound, Unrecorded answer);
  void answer(Task task, Unrecorded made);
  Reply reply_to(Task task, schema::Code code) const;
  void refuse(Task task, std::vector<schema::ProblemT> problems);
  void refuse(Task task, schema::Code code);

  // ---- becoming durable
  void decide_again_if_overtaken();
  void send_shown();
  void count_waiting();
  void watch_disk();

  /// An operator came or went: it may be another.
  void forget_asker() { last_asker_ = nullptr; }
  const domain::Operator* asker_of(std::string_view identity) const;
  const domain::Operator* asker_of(const CommandTask& task) const {
    return asker_of(task.identity);
  }
  std::int64_t believed_ns() const;
  std::int64_t now_ns() const;

  Parts parts_;
  Settings settings_;
  std::atomic<std::uint64_t> disk_floor_bytes_;
  std::atomic<std::size_t> group_max_;
  Outlets outlets_;
  /// What is made in it lies in the groups.
  BlockPool record_memory_;
  /// Of the message that is being decided.
  domain::Draft draft_;
  KnownForms forms_{schema::command_message_identifier, command_limits};
  TaskPool tasks_;
  domain::State state_;
  /// Who sent the message before, mostly the sender of the next.
  mutable std::string last_identity_;
  mutable const domain::Operator* last_asker_ = nullptr;
  /// The reader began with this.
  domain::Seq first_shown_;
  TaskMaker maker_;
  CommandGate gate_;
  /// Receipts under way.
  Owed owed_;
  CommandTurns turns_;
  HeldCommands held_;
  CommandHashing hashing_;
  GuardDesk guards_;
  ReplyLine replies_;
  GroupCommit groups_;
  RefusalCounts refusals_;
  /// While a message is on its way: all of that is judged by one time.
  std::optional<std::int64_t> believed_ns_;
  std::uint64_t overtaken_count_ = 0;
  std::int64_t next_watch_ns_ = 0;
};

}  // namespace postern::service
