// Records in a row, handed from one thread to another a few hundred at a time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "daemon/journal/journal.h"

namespace postern::journal {

struct RecordBatch {
  /// Large enough that handing over costs nothing, small enough for the processor's cache.
  static constexpr std::size_t full_bytes = 256 << 10;

  Bytes bytes = {};
  std::vector<std::size_t> ends = {};

  void add(View record) {
    if (bytes.empty()) bytes.reserve(full_bytes + record.size());
    bytes.insert(bytes.end(), record.begin(), record.end());
    ends.push_back(bytes.size());
  }
  std::size_t size() const { return ends.size(); }
  View at(std::size_t place) const {
    const std::size_t begin = place == 0 ? 0 : ends[place - 1];
    return View(bytes).subspan(begin, ends[place] - begin);
  }
  bool is_full() const { return bytes.size() >= full_bytes; }
  /// Its memory stays.
  void empty_out() {
    bytes.clear();
    ends.clear();
  }
};

/// From one thread to one other, in order. Holds four, about 1 MiB, and the memory of those that
/// were, which is used again.
class RecordBatches {
 public:
  /// Waits for room; `batch` is empty then. False: the other side has closed.
  bool put(RecordBatch& batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || waiting_.size() < waiting_max; });
    if (closed_) return false;
    waiting_.push_back(std::exchange(batch, {}));
    if (!spares_.empty()) {
      batch = std::move(spares_.back());
      spares_.pop_back();
    }
    lock.unlock();
    changed_.notify_all();
    return true;
  }
  /// Waits for one, which `batch` becomes; whoever takes is done with what it was. False: closed,
  /// and all were taken.
  bool take(RecordBatch& batch) {
    batch.empty_out();
    std::unique_lock lock(mutex_);
    working_ = false;
    changed_.notify_all();
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty()) return false;
    keep(std::exchange(batch, std::move(waiting_.front())));
    waiting_.pop_front();
    working_ = true;
    lock.unlock();
    changed_.notify_all();
    return true;
  }
  /// Waits until the other side is done with all of them.
  void drain() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.empty() && !working_; });
  }
  /// By either side: nothing more is put.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

 private:
  static constexpr std::size_t waiting_max = 4;

  /// Not one that was made larger for a record that few are as large as.
  void keep(RecordBatch spare) {
    if (spare.bytes.capacity() <= 2 * RecordBatch::full_bytes) spares_.push_back(std::move(spare));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<RecordBatch> waiting_;
  /// Empty.
  std::vector<RecordBatch> spares_;
  bool working_ = false;
  bool closed_ = false;
};

}  // namespace postern::journal
