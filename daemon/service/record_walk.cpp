#include "daemon/service/record_walk.h"

#include <algorithm>

namespace postern::service {

RecordWalk::Step RecordWalk::read_stored(std::size_t records, const VisitStored& visit) {
  const auto unread = [](const std::string& sentence) {
    return std::unexpected(
        schema::make_problem(schema::Code::journal_unavailable, "", printable(sentence)));
  };
  const auto cursor = journal_.read_from(next_);
  for (std::size_t count = 0; count < records && !is_done(); ++count) {
    const auto stored = cursor->next();
    if (!stored) return unread(stored.error().sentence);
    if (stored->empty()) return unread("There is no record " + std::to_string(next_) + ".");
    if (const auto visited = visit(*stored); !visited) return unread(visited.error().sentence);
    ++next_;
  }
  return {};
}

RecordWalk::Step RecordWalk::read_on(std::size_t records, const Visit& visit) {
  return read_stored(records, [&](journal::View stored) -> std::expected<void, domain::Unfit> {
    const auto record = gate_.open(stored);
    if (!record) return std::unexpected(record.error());
    visit(**record);
    return {};
  });
}

std::string RecordWalk::how_far() const {
  return std::to_string(read()) + " of " + std::to_string(last_ + 1 - std::min(first_, last_ + 1)) +
         " records";
}

}  // namespace postern::service
