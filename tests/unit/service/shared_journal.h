// A journal that others append to as well, as one that several daemons share.
#pragma once

#include <functional>
#include <utility>

#include "tests/support/forwarding_journal.h"

namespace postern::support {

class SharedJournal final : public ForwardingJournal {
 public:
  using ForwardingJournal::ForwardingJournal;

  /// Runs before the next append: what it appends to the inner journal comes first.
  std::function<void()> before_append;
  /// Appends are said to come too late though nobody else appended.
  bool claims_conflict = false;
  /// How many appends came too late.
  int conflicts = 0;

  Expected<> append(std::uint64_t expected_last, std::span<const journal::View> records) override {
    if (const auto others = std::exchange(before_append, {})) others();
    if (!claims_conflict && expected_last == head().seq)
      return ForwardingJournal::append(expected_last, records);
    ++conflicts;
    return std::unexpected(Failure{FailureKind::conflict, "somebody else appended first", ""});
  }
};

}  // namespace postern::support
