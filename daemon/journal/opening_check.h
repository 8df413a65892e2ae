// What every opening checks of the records that it reads.
#pragma once

#include <vector>

#include "daemon/journal/opening.h"
#include "daemon/journal/tree_builder.h"

namespace postern::journal {

/// Takes the records in order, grows their tree, and holds it to the heads that were promised and
/// to what is known. One thread; what it was made with outlives it.
class OpeningCheck {
 public:
  /// `promised`: heads that were acknowledged, the older first. `known` may be null.
  OpeningCheck(std::vector<Head> promised, const OnRecord& on_record, const KnownRecords* known);

  /// The next record to be read: of what is known, only the last block is read again.
  std::uint64_t next() const { return seq_ + 1; }
  Expected<> take(View record);
  /// After the last record: all of them, and the roots of their blocks.
  Expected<BlockTree> finish();

 private:
  Expected<> confirm_known() const;

  std::vector<Head> promised_;
  const OnRecord& on_record_;
  const KnownRecords* known_;
  TreeBuilder builder_;
  std::uint64_t seq_;
  /// The newest record up to which the tree is one that was promised.
  std::uint64_t proven_;
};

}  // namespace postern::journal
