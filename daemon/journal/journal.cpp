#include "daemon/journal/journal.h"

#include <string>

namespace postern::journal {

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
