// K1 in the writer: what became of a command's id, by the clock that tells which may still come.
#include <algorithm>
#include <utility>

#include "daemon/service/writer.h"

namespace postern::service {

using schema::Code;

bool Writer::is_in_window(const Uuid& id) const {
  return ids_.in_window(id, parts_.clock.believed_ns() / 1'000'000);
}

bool Writer::answered_before(CommandTask& task, const domain::Operator& asker) {
  if (task.internal || task.message->dry_run() || task.message->id() == nullptr) return false;
  const auto seq = ids_.find(asker.id, task.id());
  // Whether an older one ever acted is not known any more; it never will.
  if (!seq && domain::time_ms_of(task.id()) >= ids_.since_ms()) return false;
  // A clock that is not right says nothing of an id that is remembered.
  if (seq && (parts_.vitals.clock_suspect || is_in_window(task.id())))
    repeat(task, *seq);
  else
    refuse(task, Code::command_id_expired);
  return true;
}

/// The newest record that waits for no sync.
domain::Seq Writer::synced_seq() const {
  const bool failed = !revoked_.empty();
  return failed ? head_.seq : state_.seq() - group_.records.size() - syncing_.records.size();
}

const Message& Writer::unsynced_record(domain::Seq seq) const {
  const std::size_t place = seq - synced_seq() - 1;
  const std::size_t syncing = syncing_.records.size();
  return place < syncing ? syncing_.records[place] : group_.records[place - syncing];
}

/// K1: the first receipt again, from the record it came from; on its way to disk or there.
void Writer::repeat(CommandTask& task, domain::Seq seq) {
  // Of a group that failed: whether it is in the journal, the next start will tell.
  if (!revoked_.empty() && seq > head_.seq) return refuse(task, Code::journal_unavailable);
  count(parts_.vitals.commands_repeated);
  journal::Bytes stored;
  if (seq > synced_seq()) {
    const Message& record = unsynced_record(seq);
    const auto bytes = std::as_bytes(std::span(record.data(), record.size()));
    stored.assign(bytes.begin(), bytes.end());
  } else {
    auto read = journal::read_one(parts_.journal, seq);
    if (!read) {
      outlets_.alarm("record " + std::to_string(seq) + " cannot be read: " + read.error().sentence);
      return refuse(task, Code::journal_unavailable);
    }
    stored = std::move(*read);
  }
  const auto* record = flatbuffers::GetRoot<schema::Record>(stored.data());
  const auto* hash = record->contents_hash();
  const bool same = hash != nullptr && std::ranges::equal(*hash, task.contents_hash);
  if (!same && !is_hidden(*record)) return refuse(task, Code::command_id_reused);
  const bool erases = std::ranges::any_of(*record->events(), [](const schema::Event* event) {
    return event->body_type() == schema::EventBody::UserErased;
  });
  if (erases && parts_.vitals.erase_unfinished) return refuse(task, Code::erase_unfinished);
  reply(task, repeated_receipt_of(*record));
  // Its key may be on its way.
  group_.replies.back().erases = erases;
}

void Writer::watch_clock() {
  constexpr std::int64_t second_ns = 1'000'000'000;
  const Present::Standing clock = parts_.clock.look();
  parts_.vitals.clock_behind_ns = clock.behind_ns;
  parts_.vitals.clock_ahead_ns = clock.ahead_ns;
  const bool suspect = clock.is_suspect();
  if (std::exchange(clock_is_suspect_, suspect) == suspect) return;
  parts_.vitals.clock_suspect = suspect;
  if (!suspect) return outlets_.alarm("the clock is believed again: commands are accepted");
  outlets_.alarm(
      (clock.ahead_ns > 0
           ? "the clock has jumped " + std::to_string(clock.ahead_ns / second_ns) +
                 " s ahead of the steady clock and is not believed: commands are refused until it "
                 "is back"
           : "the clock is " + std::to_string(clock.behind_ns / second_ns) +
                 " s behind the newest record: commands are refused until it has caught up") +
      ", or the daemon is restarted with --confirm-clock because the clock is right");
}

}  // namespace postern::service
