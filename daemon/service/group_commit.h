// Group commit: what is decided gathers; while one group becomes durable, the next gathers.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "daemon/domain/command_ids.h"
#include "daemon/journal/journal.h"
#include "daemon/service/diagnostics.h"
#include "daemon/service/group.h"
#include "daemon/service/present.h"
#include "daemon/service/reply_line.h"
#include "daemon/service/vitals.h"

namespace postern::service {

/// Owns the journal's write side, which it lends to one piece of work at a time: a big group is
/// appended beside the writer's thread, a small one on it. The next big one is on its way before
/// the answers of the last leave, so that the disk does not wait for them. Owned by the writer;
/// nothing leaves a group before its sync (law 2).
class GroupCommit {
 public:
  /// All outlive it.
  struct Parts {
    journal::Journal& journal;
    credential::KeyStore& keys;
    Present& clock;
    platform::Waker& waker;
    Vitals& vitals;
    Mailboxes& mail;
    ReplyLine& replies;
    /// Runs the work on another thread, or later on this one; never two at a time.
    std::function<void(std::move_only_function<void()>)> run_beside;
    std::function<void(std::set<std::string>)> operators_changed;
    Log log;
  };

  enum class Stage {
    /// Nothing is on its way to the disk.
    gathering,
    /// A group is, beside the writer's thread.
    appending,
    /// Others appended first, so nothing stands of what was decided: `take_back`, then `follow`.
    overtaken,
    /// Law 3: an append failed. Nothing is acknowledged any more.
    failed,
  };

  /// Groups of fewer records are not worth waking another thread twice.
  static constexpr std::size_t records_beside_min = 32;
  /// What changes no more is taken by the reader before it takes another question.
  static constexpr std::size_t told_at_once_max = 128;
  /// A group of large batches is made durable before it has its number of messages.
  static constexpr std::size_t bytes_max = 16 * 1'048'576;

  /// A disk that takes as long is told of.
  static constexpr std::int64_t slow_sync_ns = 1'000'000'000;

  /// After an append that took as long, those who were just answered are waited for as long again,
  /// which is what their coming with the others saves: else who sends the next command behind its
  /// receipt would come just behind each group.
  static constexpr std::int64_t long_append_ns = 1'000'000;
  static constexpr std::int64_t wait_max_ns = 10'000'000;

  /// `head_time_ns`: of the newest record.
  GroupCommit(Parts parts, std::int64_t head_time_ns);

  Stage stage() const { return stage_; }
  /// Nothing gathers, and nothing is on its way.
  bool empty() const { return group_.empty() && stage_ != Stage::appending; }
  bool is_full(std::size_t messages_max) const {
    return group_.answers.decided.size() >= messages_max || group_.bytes >= bytes_max;
  }

  // ---- gathering

  void add(Reply&& reply) { group_.add(std::move(reply)); }
  void add(OwnTask own) {
    group_.answers.decided.push_back({{}, std::make_unique<OwnTask>(std::move(own))});
  }
  void add(AttemptOutcome outcome) { group_.published->attempts.push_back(outcome); }
  /// What it changed is taken out; `state` is as the record left it.
  void add(domain::StoredRecord&& record, domain::Changes& changes, const domain::State& state);
  /// The record of an operator's message, whose hash (K1) is still to come; the reply says it.
  void add(Reply&& reply, domain::StoredRecord&& record, domain::Changes& changes,
           const domain::State& state);

  // ---- becoming durable

  /// Makes what has gathered durable, then lets everything out that rests on it. False: the group
  /// before it is still on its way, and this one goes on gathering.
  bool commit(const domain::State& state);
  /// Takes what came of a group that was appended beside.
  void turn(const domain::State& state);
  /// A group has come back, and the next is big enough to be appended beside: the disk waits.
  bool is_turn_due() const { return !appended_.empty() && is_big(group_); }
  /// Milliseconds until what has gathered need not wait for others any more; 0: it need not.
  std::int64_t waits_for_others_ms() const;
  /// Behind what was sent of what is published, so that nothing stands before that.
  void wake_reader() {
    if (std::exchange(reader_sleeps_, false)) parts_.mail.reader_published.wake();
  }

  // ---- overtaken by others

  /// The state and the ids are as the head left them. Gives back what was decided since, in order.
  std::vector<GroupEntry> take_back(domain::State& state, domain::CommandIds& ids);
  /// Folds and publishes what others appended, as if it had been decided here. If that fails, the
  /// journal has.
  void follow(domain::State& state, domain::CommandIds& ids);

  /// A failed append leaves open whether it is in the journal: the next start will tell.
  bool is_in_doubt(domain::Seq seq) const { return stage_ == Stage::failed && seq > head_.seq; }
  /// One that is in no doubt, durable or on its way.
  Expected<journal::Bytes> stored_record(domain::Seq seq) const;

 private:
  /// What making a group durable came to.
  struct Durable {
    Expected<journal::Head> head;
    /// U11: whether the keys of those it erases are destroyed.
    Expected<> erased;
    std::int64_t took_ns = 0;
  };
  struct Appended : Letter {
    Durable durable;
  };

  static bool is_big(const Group& group) { return group.records.size() >= records_beside_min; }

  void close_group(const domain::State& state);
  void append_beside();
  Durable append();
  Expected<journal::Head> fold_others(domain::State& state, domain::CommandIds& ids);
  void tell_time(std::int64_t took_ns);
  void finish(const Durable& durable, const domain::State& state);
  void fail(const Failure& why);
  void leave_erasures(const Failure& why);
  void expect_others(std::int64_t append_took_ns);
  void publish(Group& group, domain::Seq seq_before);
  bool may_tell_at_once(const Published& published, domain::Seq seq_before) const;

  Parts parts_;
  Stage stage_ = Stage::gathering;
  /// What is durable, and its newest record's time.
  journal::Head head_;
  /// The reader began with this.
  domain::Seq first_seq_;
  std::int64_t head_time_ns_;
  Group group_;
  /// Something was published to it, and it was not woken.
  bool reader_sleeps_ = false;
  /// Becomes durable; its records are read on two threads then and changed by none.
  Group syncing_;
  /// Empty but while it is published.
  Group durable_;
  /// So many messages are likely to come until then, by the monotonic clock.
  std::size_t expected_ = 0;
  std::int64_t expected_until_ns_ = 0;
  // Of whoever appends.
  std::vector<journal::View> views_;
  ReceiptMaker receipts_;
  /// Of groups that failed. Queries go on from the entries they replaced, which live here alone.
  std::vector<domain::Changes> revoked_;
  Mailbox<Appended> appended_;
};

}  // namespace postern::service
