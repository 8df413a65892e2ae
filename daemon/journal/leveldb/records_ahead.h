// The records of a database in order, read on a thread of its own while the caller takes those
// before.
#pragma once

#include <leveldb/db.h>

#include <optional>
#include <thread>

#include "daemon/journal/record_batches.h"

namespace postern::journal {

/// Owned by one thread, which takes. Its own thread lives as long as it does. Holds a few batches.
class RecordsAhead {
 public:
  /// From this record on. The database outlives it.
  RecordsAhead(leveldb::DB& database, std::uint64_t first);
  ~RecordsAhead();

  /// Valid until the next call. Nothing: there are no more, or what comes is no such record.
  std::optional<View> next();

  // ---- once there are no more

  const leveldb::Status& status() const { return status_; }
  /// There are rows behind, but not the next record's.
  bool ends_in_gap() const { return ends_in_gap_; }

 private:
  void work(std::uint64_t first);

  leveldb::DB& database_;
  RecordBatch taking_;
  std::size_t taken_ = 0;
  RecordBatches batches_;
  // The worker's until it has closed the batches, else the owner's.
  leveldb::Status status_;
  bool ends_in_gap_ = false;
  std::thread worker_;
};

}  // namespace postern::journal
