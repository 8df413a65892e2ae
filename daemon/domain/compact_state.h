// A state in a short form, in blocks: each right, an action on a resource, stands once, however
// many grants give it, and so does each of their texts; grants stand as they lie in memory; other
// numbers take the bytes they need; and users can be read on several threads. What a snapshot
// holds. Thread: a function or an object belongs to one at a time. Failure: a sentence. Limits:
// memory grows with the bytes that are there.
#pragma once

#include <expected>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "daemon/domain/compact_grants.h"
#include "daemon/domain/digest.h"
#include "daemon/domain/state.h"

namespace postern::domain {

/// The number is what is written. In the order they stand.
enum class BlockKind : std::uint8_t {
  texts = 1,
  rights,
  tenants,
  users,
  operators,
  ranges,
  copies
};
inline constexpr BlockKind block_kinds[] = {
    BlockKind::texts,     BlockKind::rights, BlockKind::tenants, BlockKind::users,
    BlockKind::operators, BlockKind::ranges, BlockKind::copies};
/// Named by their numbers in what follows.
constexpr bool is_of_many(BlockKind kind) {
  return kind == BlockKind::texts || kind == BlockKind::rights;
}

struct Block {
  BlockKind kind = BlockKind::texts;
  std::span<const std::uint8_t> bytes;
  /// The same entries in the canonical form; texts and rights have none. Those of all blocks in a
  /// row are what the digest is made of.
  std::span<const std::uint8_t> canonical;
};

/// False: no more is wanted.
using TakeBlock = std::function<bool(const Block&)>;

/// Each block was read again, by what reads a snapshot, and gave the canonical bytes of what it was
/// made of; else a sentence. Memory beside the list: a few hundred KiB, and some 100 bytes for each
/// text and each right.
std::expected<void, std::string> write_compact(EntryList entries, const TakeBlock& take);

/// What a state knows of the journal, of entries at that record. `heads`: the tenants' newest
/// records, in no order.
JournalPlace place_of(const EntryList& entries, Seq seq, std::int64_t time_ns,
                      std::vector<TenantHead> heads);

/// The users of one block.
struct UsersRead {
  LoadedUsers users = {};
  /// Empty: all of them, in order.
  std::string failure = {};
};
UsersRead read_users(std::span<const std::uint8_t> bytes, const RightTable& rights,
                     const JournalPlace& place);

/// Makes a state of blocks, as folding the journal up to `place` makes it. Total: whatever the
/// bytes are, it gives a state that holds together, or says why there is none.
class StateReading {
 public:
  /// `place` outlives it.
  explicit StateReading(const JournalPlace& place) : place_(place) {
    rights_.rights = &state_.rights();
  }

  /// Texts and rights: before all others, in their order.
  void take_of_many(BlockKind kind, std::span<const std::uint8_t> bytes);
  const RightTable& rights() const { return rights_; }
  /// About so many will come; before the first.
  void expect_users(std::size_t count) { state_.expect_users(count); }
  // ---- in the order of the blocks
  void take_users(UsersRead read);
  /// Of any other kind; texts and rights are passed over.
  void take(BlockKind kind, std::span<const std::uint8_t> bytes);

  /// Empty: so far all was read. The first is kept.
  const std::string& failure() const { return failure_; }
  /// The end.
  std::expected<State, std::string> finish();

 private:
  void fail(std::string_view sentence);
  void begin(BlockKind kind);
  /// Whether the id follows on the one before, in its kind.
  bool follows(const Uuid& id);
  void take_tenant(boost::intrusive_ptr<Tenant> tenant);
  void take_operator(boost::intrusive_ptr<Operator> entry);
  void take_ranges(boost::intrusive_ptr<ProviderRanges> ranges);
  void take_copies(boost::intrusive_ptr<Copies> copies);

  const JournalPlace& place_;
  State state_;
  std::vector<const std::string*> texts_;
  RightTable rights_;
  Changes changes_;
  std::string failure_;
  BlockKind kind_ = BlockKind::texts;
  /// Of the same kind.
  std::optional<Uuid> last_;
};

}  // namespace postern::domain
