#include "tests/support/memory_journal.h"

#include <string>
#include <utility>

#include "daemon/platform/require.h"

namespace postern::support {

using journal::Bytes;
using journal::Head;
using journal::View;

// Elements of a deque stay where they are while others are added, but finding one needs the lock.
class MemoryJournal::Cursor final : public journal::Cursor {
 public:
  Cursor(const MemoryJournal& journal, std::uint64_t seq, std::uint64_t last)
      : journal_(journal), next_(seq), last_(last) {}

  Expected<View> next() override {
    if (next_ > last_) return View{};
    const std::lock_guard lock(journal_.mutex_);
    return View(journal_.records_[next_++ - 1]);
  }

 private:
  const MemoryJournal& journal_;
  std::uint64_t next_;
  const std::uint64_t last_;
};

void MemoryJournal::fail_from(std::uint64_t nth_append) {
  const std::lock_guard lock(mutex_);
  first_failing_ = nth_append;
}

void MemoryJournal::damage(std::uint64_t seq) {
  const std::lock_guard lock(mutex_);
  records_.at(seq - 1).front() ^= std::byte{1};
}

std::uint64_t MemoryJournal::fired() const {
  const std::lock_guard lock(mutex_);
  return fired_;
}

Expected<> MemoryJournal::append(std::uint64_t expected_last, std::span<const View> records) {
  require(!records.empty());
  const std::lock_guard lock(mutex_);
  ++appends_;
  if (appends_ >= first_failing_) {
    ++fired_;
    return end_writing({FailureKind::input_output, "the memory journal fails as told", "none"});
  }
  if (ended_by_) return std::unexpected(*ended_by_);
  if (expected_last != records_.size())
    return end_writing({FailureKind::in_use,
                        "the journal ends at record " + std::to_string(records_.size()) +
                            ", not at record " + std::to_string(expected_last),
                        "let one process write to the journal"});
  for (const View record : records) {
    require(!record.empty());
    records_.emplace_back(record.begin(), record.end());
    tree_.append(record);
    if (tree_.size() % journal::Tree::block_size == 0) blocks_.add({tree_.block()});
  }
  return {};
}

Head MemoryJournal::head() const {
  const std::lock_guard lock(mutex_);
  return {records_.size(), tree_.root()};
}

std::unique_ptr<journal::Cursor> MemoryJournal::read_from(std::uint64_t seq) const {
  require(seq > 0);
  const std::lock_guard lock(mutex_);
  return std::make_unique<Cursor>(*this, seq, records_.size());
}

journal::Hash MemoryJournal::block(std::uint64_t index) const { return blocks_.at(index); }

Expected<> MemoryJournal::health() const {
  const std::lock_guard lock(mutex_);
  if (ended_by_) return std::unexpected(*ended_by_);
  return {};
}

Expected<> MemoryJournal::close() {
  const std::lock_guard lock(mutex_);
  end_writing({FailureKind::bug, "the journal is closed for writing", "report this"});
  return {};
}

std::unexpected<Failure> MemoryJournal::end_writing(Failure failure) {
  if (!ended_by_) ended_by_ = std::move(failure);
  return std::unexpected(*ended_by_);
}

}  // namespace postern::support
