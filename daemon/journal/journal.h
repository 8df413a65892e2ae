// The journal: records in order, durable, append-only. It knows bytes and places, never what an
// event means.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "daemon/platform/failure.h"

namespace postern::journal {

/// SHA-256.
using Hash = std::array<std::byte, 32>;
using Bytes = std::vector<std::byte>;
using View = std::span<const std::byte>;

/// The newest record and the tree over all of them.
struct Head {
  /// 0: the journal is empty.
  std::uint64_t seq = 0;
  /// Root of the RFC 6962 tree over records 1 to seq.
  Hash root{};

  friend bool operator==(const Head&, const Head&) = default;
};

/// Called for each record in order while they are read; the bytes, at any alignment, are valid
/// during the call. A failure ends the reading.
using OnRecord = std::function<Expected<>(std::uint64_t seq, View record)>;

/// A walk over records in order. Owned by one thread; open no longer than a page. Does not outlive
/// its journal.
class Cursor {
 public:
  virtual ~Cursor() = default;
  /// The next record's stored bytes, at any alignment, valid until the next call; empty after the
  /// last. Fails on damage, gaps included, naming the seq; then the cursor is of no further use.
  virtual Expected<View> next() = 0;
};

/// Called with the newest head on whichever thread noticed it, one call at a time. It hands the
/// news to its own thread and returns; of the journal it may ask `head` alone.
using OnHead = std::function<void(const Head& head)>;

/// Ends with the object: afterwards no call comes and none is under way. Does not outlive its
/// journal.
class Following {
 public:
  virtual ~Following() = default;
};

/// One thread at a time appends, not always the same: an append may always run beside its writer's
/// thread. Any thread may read what is durable. Nothing is ever overwritten or removed.
/// An append that comes after somebody else's fails with `conflict`; whoever reads what came may
/// append again. The first that fails otherwise ends writing for the life of the object (law 3):
/// later ones fail at once. Reading goes on.
class Journal {
 public:
  virtual ~Journal() = default;

  /// Makes `records` the ones after `expected_last`, all or none, durable when it returns. Fails
  /// with `conflict` if the last seq is another: then none of them is there, nor will be. Fails
  /// with another kind if they could not be made durable: then they may still be there after the
  /// next opening. At least one record, each not empty.
  virtual Expected<> append(std::uint64_t expected_last, std::span<const View> records) = 0;

  /// Whether appends wait for more than a disk of this machine: then each runs beside its writer's
  /// thread, however small it is. The same for the life of the object; any thread.
  virtual bool appends_wait_long() const { return false; }

  /// Up to where a place of its own outside the records says that they were written; absent: there
  /// is none. Any thread; never waits for the disk.
  virtual std::optional<std::uint64_t> anchored_seq() const { return std::nullopt; }

  /// Returns when that place says so of the records up to `seq`, which are durable: then a crash
  /// leaves them to be relied on. At once where there is none. Fails if it can no longer be
  /// written. Not the writer's thread; some milliseconds.
  virtual Expected<> wait_for_anchor(std::uint64_t) { return {}; }

  /// The head that is durable. Any thread; never waits.
  virtual Head head() const = 0;

  /// From `seq` (1 or more) up to the head at the time of the call. Any thread.
  virtual std::unique_ptr<Cursor> read_from(std::uint64_t seq) const = 0;

  /// Tells of what is appended, by whomever: calls `on_head` as soon as the head is behind `last`,
  /// before it returns if it is there now, and again when it moves on. Several moves may be told as
  /// one; the newest never goes untold. Any thread.
  [[nodiscard]] virtual std::unique_ptr<Following> follow(std::uint64_t last,
                                                          OnHead on_head) const = 0;

  /// Root of the complete subtree over records 4,096 * index + 1 to 4,096 * (index + 1), all of
  /// them at or before the head: what proofs stand on. Any thread; from memory.
  virtual Hash block(std::uint64_t index) const = 0;

  /// Why appends fail from now on, if they do: also what broke since the last append. Any thread.
  virtual Expected<> health() const = 0;

  /// Whether what was read through this object will still be there for the next: `damaged` if not;
  /// another kind if that could not be found out now. Any thread.
  virtual Expected<> check_files() const { return {}; }

  /// Ends writing, leaving on disk whatever shows that the journal is whole. The destructor does
  /// the same, but cannot say that it failed.
  virtual Expected<> close() = 0;
};

/// The roots of the complete blocks before the one that holds this record, which is there.
std::vector<Hash> blocks_before(const Journal& journal, std::uint64_t seq);

/// One record's stored bytes; a failure of kind `missing` if there is none.
Expected<Bytes> read_one(const Journal& journal, std::uint64_t seq);

}  // namespace postern::journal
