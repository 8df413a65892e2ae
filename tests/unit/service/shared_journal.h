// A journal that others append to as well, as one that several daemons share.
#pragma once

#include <functional>
#include <utility>

#include "tests/support/memory_journal.h"

namespace postern::support {

class SharedJournal final : public journal::Journal {
 public:
  /// `inner` outlives it.
  explicit SharedJournal(MemoryJournal& inner) : inner_(inner) {}

  /// Runs before the next append: what it appends to `inner` comes first.
  std::function<void()> before_append;
  /// Appends are said to come too late though nobody else appended.
  bool claims_conflict = false;
  /// How many appends came too late.
  int conflicts = 0;

  Expected<> append(std::uint64_t expected_last, std::span<const journal::View> records) override {
    if (const auto others = std::exchange(before_append, {})) others();
    if (!claims_conflict && expected_last == inner_.head().seq)
      return inner_.append(expected_last, records);
    ++conflicts;
    return std::unexpected(Failure{FailureKind::conflict, "somebody else appended first", ""});
  }
  journal::Head head() const override { return inner_.head(); }
  std::unique_ptr<journal::Cursor> read_from(std::uint64_t seq) const override {
    return inner_.read_from(seq);
  }
  journal::Hash block(std::uint64_t index) const override { return inner_.block(index); }
  Expected<> health() const override { return inner_.health(); }
  Expected<> close() override { return inner_.close(); }

 private:
  MemoryJournal& inner_;
};

}  // namespace postern::support
