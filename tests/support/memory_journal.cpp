#include "tests/support/memory_journal.h"

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
  auto group = ledger_.admit(expected_last, records);
  {
    const std::lock_guard lock(mutex_);
    if (++appends_ >= first_failing_) {
      ++fired_;
      return ledger_.end({FailureKind::input_output, "the memory journal fails as told", "none"});
    }
    if (!group) return std::unexpected(group.error());
    for (const View record : records) records_.emplace_back(record.begin(), record.end());
  }
  ledger_.take(std::move(*group));
  return {};
}

Head MemoryJournal::head() const { return ledger_.head(); }

std::unique_ptr<journal::Cursor> MemoryJournal::read_from(std::uint64_t seq) const {
  require(seq > 0);
  return std::make_unique<Cursor>(*this, seq, head().seq);
}

std::unique_ptr<journal::Following> MemoryJournal::follow(std::uint64_t last,
                                                          journal::OnHead on_head) const {
  return ledger_.follow(last, std::move(on_head));
}

journal::Hash MemoryJournal::block(std::uint64_t index) const { return ledger_.block(index); }

Expected<> MemoryJournal::health() const { return ledger_.health(); }

Expected<> MemoryJournal::close() {
  ledger_.end({FailureKind::bug, "the journal is closed for writing", "report this"});
  return {};
}

}  // namespace postern::support
