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
#include "daemon/service/room.h"

namespace postern::service {

/// An answer that waits for the disk. What it answers is kept, to be decided again where others
/// appended first.
struct Reply {
  Peer peer;
  Uuid id;
  Message receipt;
  /// Null: nothing was decided, so the answer stands whatever others append.
  std::unique_ptr<CommandTask> task = {};
  bool shows_secret = false;
  /// U11: it acknowledges an erasure.
  bool erases = false;
  /// When what it refuses came, if it leaves by the grid (C9); by the monotonic clock.
  std::optional<std::int64_t> on_the_grid_since_ns = {};
  Owed::Claim owed = {};
  /// What it is counted as; a batch, and what was not opened: `NONE`.
  schema::CommandBody kind = schema::CommandBody::NONE;
  /// When the command came, by the monotonic clock; absent: it was not opened.
  std::optional<std::int64_t> came_ns = {};

  schema::Code code() const;
  /// Says so instead.
  void revoke(schema::Code code = schema::Code::journal_unavailable);
  std::size_t bytes() const;
};

/// What was decided, in order: a reply, or what the daemon recorded itself.
struct GroupEntry {
  std::optional<Reply> reply;
  std::optional<OwnTask> own;
};

struct Group {
  std::vector<domain::StoredRecord> records;
  std::vector<GroupEntry> decided;
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

  bool empty() const { return records.empty() && decided.empty() && published->attempts.empty(); }

  void add(Reply reply);
  /// What a record changed; `state` holds it already.
  void add_changes(const schema::Record& record, domain::Changes changes,
                   const domain::State& state);

  /// The answers, as they leave; what was kept to decide them again goes.
  std::vector<Reply> take_replies();
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
