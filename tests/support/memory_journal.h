// A journal that keeps its records in memory and fails when told to.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <mutex>

#include "daemon/journal/journal.h"
#include "daemon/journal/ledger.h"

namespace postern::support {

/// Keeps the contract of journal::Journal; gone with the object.
class MemoryJournal final : public journal::Journal {
 public:
  /// The n-th append since the beginning, from 1, and all after it fail, as on a broken disk.
  void fail_from(std::uint64_t nth_append);
  /// A bit of this record is another from now on; the tree still knows the right one.
  void damage(std::uint64_t seq);
  /// How many appends failed because of `fail_from`.
  std::uint64_t fired() const;
  /// What it says of its appends, which never do.
  bool says_appends_wait_long = false;

  Expected<> append(std::uint64_t expected_last, std::span<const journal::View> records) override;
  bool appends_wait_long() const override { return says_appends_wait_long; }
  journal::Head head() const override;
  std::unique_ptr<journal::Cursor> read_from(std::uint64_t seq) const override;
  std::unique_ptr<journal::Following> follow(std::uint64_t last,
                                             journal::OnHead on_head) const override;
  journal::Hash block(std::uint64_t index) const override;
  Expected<> health() const override;
  Expected<> close() override;

 private:
  class Cursor;

  mutable std::mutex mutex_;
  std::deque<journal::Bytes> records_;
  std::uint64_t appends_ = 0;
  std::uint64_t first_failing_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t fired_ = 0;
  journal::Ledger ledger_;
};

}  // namespace postern::support
