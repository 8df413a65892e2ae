// A message decided, and the record it becomes: every command in turn, each seeing what those
// before it did, all or nothing (K3). All records are made here, whoever writes them.
#pragma once

#include <array>
#include <span>

#include "daemon/domain/apply.h"
#include "daemon/domain/decide.h"

namespace postern::domain {

/// What a message would write. Its changes stand in the state already: it is either recorded or
/// taken back.
struct Draft {
  /// `memory`: of `PackedEvents`.
  explicit Draft(flatbuffers::Allocator* memory = nullptr) : events(memory) {}

  PackedEvents events;
  std::uint16_t first_index = 0;
  std::vector<schema::ProblemT> problems;
  Changes changes;
  /// The one tenant it concerns; zero: none.
  Uuid tenant;
  /// What deciding it took, about a few hundred nanoseconds each at most: commands, events, and
  /// what they looked at.
  std::size_t work = 0;

  /// As if nothing had been decided; its memory stays.
  void empty_out();

  /// It becomes a record: it was not refused, or the refusal is itself a fact (C3).
  bool is_fact() const { return !events.empty(); }
};

/// So much a batch may look at and copy beyond what its commands bring: none holds the writer for
/// long, however much is there. One command alone always may.
inline constexpr std::size_t batch_work_max = 500'000;

/// Where events stand.
struct EventPlace {
  Seq seq = 0;
  /// Of the first of them in its record.
  std::uint16_t first_index = 0;
};

/// `materials`: one for each command of the context's message. The events stand in the next record,
/// or for who supposes (H3) at the end of one that there is: so they come before all
/// that follow it.
Draft decide_message(State& state, const Context& context, std::span<const Material> materials);
Draft decide_message(State& state, const Context& context, std::span<const Material> materials,
                     const EventPlace& place);
/// The same in a draft that serves one message after the other.
void decide_message(State& state, const Context& context, std::span<const Material> materials,
                    const EventPlace& place, Draft& draft);

/// Facts that no rule decides: how a journal begins, and that it is a copy's (H7).
Draft draft_of(State& state, const Context& context, std::vector<schema::EventT> facts);

/// A record's bytes, as they are stored.
using StoredRecord = flatbuffers::DetachedBuffer;

/// What is kept of a message as it was sent; nothing of the daemon's own.
struct RecordSeal {
  /// K1.
  std::span<const std::uint8_t> contents_hash = {};
  /// O4: empty without a signature.
  std::span<const std::byte> signed_message = {};
};

/// K1: what stands for the hash of the contents in a sealed record until `contents_hash_in` is
/// written.
inline constexpr std::array<std::uint8_t, 32> hash_to_come{};

/// Where a sealed record has the hash of its contents.
inline std::span<std::uint8_t> contents_hash_in(StoredRecord& record) {
  const auto* hash = flatbuffers::GetRoot<schema::Record>(record.data())->contents_hash();
  return {const_cast<std::uint8_t*>(hash->data()), hash->size()};
}

/// Finishes the draft as the record after the state's newest, and closes it there.
StoredRecord seal_record(Draft& draft, State& state, const Context& context,
                         const RecordSeal& seal = {});

/// O2: by whose hand the daemon records what it finds itself.
const Operator& the_daemon();

/// A message that the daemon makes itself. It passes no gate and is never sent again, so it is
/// decided where it was made, and no hash of it is kept.
class OwnMessage {
 public:
  explicit OwnMessage(const Uuid& id, schema::CommandMessageT message = {});

  const schema::CommandMessage& operator*() const;
  /// Valid as long as this. `clock_ns`: what the clock says; the time is never less than the newest
  /// record's.
  Context context(const State& state, std::int64_t clock_ns) const;

 private:
  flatbuffers::DetachedBuffer bytes_;
};

}  // namespace postern::domain
