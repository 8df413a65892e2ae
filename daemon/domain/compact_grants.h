// Grants as snapshots have them: almost as they lie in memory, so that reading them is checking
// them.
// grants := count:number run* condition*         runs of 255, the last of what is left
// run    := origins:number seq:number more:number{origins - 1} grant:word{count of the run}
//           origins: the seqs of its grants, each once: the least, then by how much each is more
// grant  := from the lowest bit on right:32 index:10 origin:8 conditional:1 deny:1
//           origin: the place of its seq among those of the run
// condition := of each conditional grant, in their order (grammar.h)
// A right is named by its number. Rights are numbered in the order in which grants of them lie, so
// that grants are in order if their numbers are.
// Thread: an object belongs to one. Failure: the reader's.
#pragma once

#include "daemon/domain/digest.h"
#include "daemon/domain/entry_reader.h"

namespace postern::domain {

/// The rights that a state has from a snapshot, each under its number there.
struct RightTable {
  /// Only asked while entries are read, by whichever threads.
  Rights* rights = nullptr;
  /// Of those without `*`, which come first.
  RightMarks marks = {};
};

/// The next. False: it does not come behind those that are there.
bool add_right(const std::string& resource, const std::string& action, RightTable& table);

/// By the numbers of their texts.
struct SnapshotRight {
  std::size_t action = 0;
  std::size_t resource = 0;
};

/// The numbers of all rights that grants of these entries give, and of their texts.
class SnapshotNumbers {
 public:
  explicit SnapshotNumbers(const EntryList& entries);

  const std::vector<const std::string*>& texts() const { return texts_; }
  const std::vector<SnapshotRight>& rights() const { return rights_; }
  /// Of one that is there.
  std::size_t of(const Grant& grant) const { return numbers_.at({grant.resource, grant.action}); }

 private:
  /// Told apart by where they lie: each stands once in a state.
  using Texts = std::pair<const std::string*, const std::string*>;

  void note(const Grants& grants);

  boost::unordered_flat_map<Texts, std::size_t> numbers_;
  std::vector<const std::string*> texts_;
  std::vector<SnapshotRight> rights_;
};

class SnapshotWriter : public CompactWriter {
 public:
  /// `numbers` outlives it.
  explicit SnapshotWriter(const SnapshotNumbers& numbers) : numbers_(numbers) {}

  void grants(const SharedGrants& grants);

 private:
  void run(std::span<const Grant> grants);

  const SnapshotNumbers& numbers_;
};

class SnapshotReader : public EntryReader {
 public:
  /// `table` outlives it.
  SnapshotReader(std::span<const std::uint8_t> bytes, const RightTable& table)
      : EntryReader(bytes, *table.rights), marks_(table.marks) {}

  void grants(SharedGrants& grants);

 private:
  /// By what grants are in order.
  struct Key {
    std::uint64_t right_and_deny = 0;
    Seq seq = 0;
    std::uint64_t index = 0;

    auto operator<=>(const Key&) const = default;
  };

  void run(std::size_t count);
  void origins(std::size_t count);
  Chunked<ConditionsOfGrant> conditions();
  SharedGrants many(std::uint64_t count);

  const RightMarks& marks_;
  // ---- of the list that is read
  Key before_;
  std::vector<ConditionsOfGrant> conditional_;
  // ---- of the run
  std::vector<PackedGrant> run_;
  std::vector<Seq> origins_;
  std::size_t plain_count_ = 0;
};

}  // namespace postern::domain
