#include "daemon/journal/leveldb/records_ahead.h"

#include <memory>

#include "daemon/journal/leveldb/database.h"

namespace postern::journal {

RecordsAhead::RecordsAhead(leveldb::DB& database, std::uint64_t first)
    : database_(database), worker_([this, first] { work(first); }) {}

RecordsAhead::~RecordsAhead() {
  batches_.close();
  worker_.join();
}

std::optional<View> RecordsAhead::next() {
  if (taken_ == taking_.size()) {
    taken_ = 0;
    if (!batches_.take(taking_)) return std::nullopt;
  }
  return taking_.at(taken_++);
}

void RecordsAhead::work(std::uint64_t first) {
  const std::unique_ptr<leveldb::Iterator> rows(database_.NewIterator(reading(false)));
  // A row before the first record is damage.
  if (first == 1)
    rows->SeekToFirst();
  else
    rows->Seek(as_slice(RowKey(first)));
  RecordBatch batch;
  for (std::uint64_t seq = first; rows->Valid(); rows->Next(), ++seq) {
    const View record = as_view(rows->value());
    ends_in_gap_ = rows->key() != as_slice(RowKey(seq)) || record.empty();
    if (ends_in_gap_) break;
    batch.add(record);
    if (batch.is_full() && !batches_.put(batch)) return;
  }
  status_ = rows->status();
  if (batch.size() > 0) batches_.put(batch);
  batches_.close();
}

}  // namespace postern::journal
