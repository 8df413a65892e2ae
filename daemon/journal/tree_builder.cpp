#include "daemon/journal/tree_builder.h"

#include <utility>

namespace postern::journal {

namespace {

// Large enough that handing over costs nothing, small enough for the processor's cache.
constexpr std::size_t batch_bytes = 256 << 10;

}  // namespace

TreeBuilder::TreeBuilder(std::vector<Hash> blocks)
    : built_{Tree::of_blocks(blocks), std::move(blocks)}, worker_([this] { work(); }) {}

TreeBuilder::~TreeBuilder() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

void TreeBuilder::append(View record) {
  filling_.bytes.insert(filling_.bytes.end(), record.begin(), record.end());
  filling_.ends.push_back(filling_.bytes.size());
  if (filling_.bytes.size() >= batch_bytes) hand_over();
}

const BlockTree& TreeBuilder::built() {
  hand_over();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !busy_; });
  return built_;
}

void TreeBuilder::hand_over() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !busy_; });
    std::swap(filling_, working_);
    busy_ = true;
  }
  changed_.notify_all();
  filling_.bytes.clear();
  filling_.ends.clear();
}

void TreeBuilder::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return busy_ || stopping_; });
    if (!busy_) return;
    lock.unlock();
    std::size_t start = 0;
    for (const std::size_t end : working_.ends) {
      built_.append(View(working_.bytes).subspan(start, end - start));
      start = end;
    }
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

}  // namespace postern::journal
