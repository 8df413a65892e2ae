#include "daemon/journal/journal.h"

#include <string>

#include "daemon/journal/tree.h"
#include "daemon/platform/require.h"

namespace postern::journal {

std::vector<Hash> blocks_before(const Journal& journal, std::uint64_t seq) {
  require(seq >= 1 && seq <= journal.head().seq);
  std::vector<Hash> blocks((seq - 1) / Tree::block_size);
  for (std::uint64_t index = 0; index < blocks.size(); ++index)
    blocks[index] = journal.block(index);
  return blocks;
}

Expected<Bytes> read_one(const Journal& journal, std::uint64_t seq) {
  const std::uint64_t last = journal.head().seq;
  if (seq == 0 || seq > last)
    return std::unexpected(Failure{FailureKind::missing,
                                   "the journal has no record " + std::to_string(seq) +
                                       ": it holds records 1 to " + std::to_string(last),
                                   "name a record that exists"});
  const auto cursor = journal.read_from(seq);
  const auto record = cursor->next();
  if (!record) return std::unexpected(record.error());
  return Bytes(record->begin(), record->end());
}

}  // namespace postern::journal
