// What becomes durable together: records, what they changed, and the answers that rest on them.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/credential/key_store.h"
#include "daemon/domain/message.h"
#include "daemon/service/command_task.h"
#include "daemon/service/diagnostics.h"
#include "daemon/service/letters.h"
#include "daemon/service/own_messages.h"
#include "daemon/service/receipts.h"

namespace postern::service {

/// An answer that waits for the disk. What it answers is kept until it leaves, to be decided again
/// where others appended first.
struct Reply {
  /// Null: nothing was decided, so the answer stands whatever others append.
  std::unique_ptr<CommandTask> task = {};
  /// To whom, and to which message, where there is no task.
  Peer peer = {};
  Uuid id = {};
  /// Empty: what the group's record at `record` says, when it is durable.
  Message receipt = {};
  std::optional<std::size_t> record = {};
  /// Where that lies among the receipts of the group.
  std::size_t begin = 0;
  std::size_t size = 0;
  schema::Code code = schema::Code::ok;
  bool shows_secret = false;
  /// U11: it acknowledges an erasure.
  bool erases = false;
  /// When what it refuses came, if it leaves by the grid (C9); by the monotonic clock.
  std::optional<std::int64_t> on_the_grid_since_ns = {};
  /// What it is counted as; a batch, and what was not opened: `NONE`.
  schema::CommandBody kind = schema::CommandBody::NONE;

  const Peer& receiver() const { return task == nullptr ? peer : task->peer; }
  /// When the command came, by the monotonic clock; absent: it was not opened.
  std::optional<std::int64_t> came_ns() const {
    return task == nullptr ? std::nullopt : std::optional(task->came_ns);
  }
  /// Says so instead.
  void revoke(schema::Code instead = schema::Code::journal_unavailable);
};

/// What was decided, in order: a reply, or what the daemon recorded itself.
struct GroupEntry {
  Reply reply = {};
  std::unique_ptr<OwnTask> own = {};
};

/// A group's answers, and those of them that its records say.
struct GroupAnswers {
  std::vector<GroupEntry> decided;
  std::vector<std::uint8_t> receipts;

  /// The one of a reply that is among `decided`.
  std::span<const std::uint8_t> receipt_of(const Reply& reply) const;
  /// A secret that it would show is gone.
  void revoke(Reply& reply, schema::Code instead);
  /// Its memory stays, wiped.
  void empty_out();
};

/// One that is to become durable.
struct GroupRecord {
  domain::StoredRecord bytes;
  /// K1: the message whose hash it is to have, which is made by whoever appends; null: it has all.
  const CommandTask* task = nullptr;
};

struct Group {
  std::vector<GroupRecord> records;
  GroupAnswers answers;
  std::unique_ptr<Published> published = std::make_unique<Published>();
  /// U11: keys to be destroyed once it is durable, before anything leaves.
  std::vector<credential::KeySlot> erased;
  bool operators_changed = false;
  /// What is told to whoever runs the daemon once it is durable.
  std::vector<Diagnostic> lines;
  /// If operators changed: who may connect once it is durable.
  std::set<std::string> identities;
  /// Of records, receipts, and the messages that are kept.
  std::size_t bytes = 0;

  bool empty() const {
    return records.empty() && answers.decided.empty() && published->attempts.empty();
  }

  /// As if nothing had been added; its memory stays.
  void empty_out();
  void add(Reply&& reply);
  /// What a record changed, which is taken out; `state` holds it already. True: it erases (U11).
  bool add_changes(const schema::Record& record, domain::Changes& changes,
                   const domain::State& state);

  /// Whoever appends it: the hashes its records are to have.
  void complete(const credential::KeyStore& keys);
  /// Whoever appended it: what its records say.
  void make_receipts(ReceiptMaker& maker);
  /// U11: the receipts of erasures that are not finished.
  void leave_erasures_unacknowledged();
  /// Everything it holds is said to have failed. Gives back the changes that nobody will see.
  domain::Changes revoke();
};

/// U11.
bool erases(const schema::Record& record);

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
