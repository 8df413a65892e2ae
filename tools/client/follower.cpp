#include <algorithm>

#include "tools/client/gate.h"

namespace postern::client {

namespace {

/// With a filter, seqs only rise; without one, none is missing.
bool without_gap(const schema::GetRecordsT& request, const schema::RecordPageT& page,
                 std::span<const schema::RecordT> records) {
  const bool filtered = !request.tenant.empty() || !request.user.empty() ||
                        request.user_id != nullptr || !request.operator_name.empty() ||
                        !request.kind.empty() || request.from_time_ns != 0;
  std::uint64_t next = std::max<std::uint64_t>(request.from_seq, 1);
  for (const auto& record : records) {
    if (filtered ? record.seq < next : record.seq != next) return false;
    next = record.seq + 1;
  }
  return filtered ? page.next_seq >= next : page.next_seq == next;
}

}  // namespace

schema::HistoryRequestT Follower::next() const {
  schema::HistoryRequestT request;
  request.body.Set(schema::GetRecordsT(wanted_));
  return request;
}

Result<std::vector<schema::RecordT>> Follower::take(const schema::HistoryPageT& answer) {
  const auto* page = answer.body.AsRecordPage();
  if (page == nullptr)
    return std::unexpected(Error{ErrorKind::protocol,
                                 "The daemon answered a request for records with something else.",
                                 "Check that its version fits this client."});
  auto records = read_records(*page);
  if (!records) return records;
  if (!without_gap(wanted_, *page, *records))
    return std::unexpected(Error{ErrorKind::protocol,
                                 "Records are missing after seq " +
                                     std::to_string(wanted_.from_seq) + " in what the daemon sent.",
                                 "Have the journal verified; do not rely on this history."});
  wanted_.from_seq = page->next_seq;
  return records;
}

Result<std::vector<schema::RecordT>> read_records(const schema::RecordPageT& page) {
  std::vector<schema::RecordT> records;
  records.reserve(page.records.size());
  for (const auto& stored : page.records) {
    auto record = unpack_record(stored->bytes);
    if (!record) return std::unexpected(std::move(record).error());
    records.push_back(std::move(*record));
  }
  return records;
}

}  // namespace postern::client
