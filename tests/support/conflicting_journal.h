// A journal that others append to as well.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "tests/support/forwarding_journal.h"
#include "tests/support/journal_bytes.h"

namespace postern::support {

/// At every third append somebody else comes first, so that it conflicts.
class ConflictingJournal final : public ForwardingJournal {
 public:
  /// What the other appends from `first` on, where `count` records were to come.
  using Rival =
      std::function<std::vector<journal::Bytes>(std::uint64_t first, std::uint64_t count)>;

  ConflictingJournal(journal::Journal& inner, Rival rival)
      : ForwardingJournal(inner), rival_(std::move(rival)) {}

  Expected<> append(std::uint64_t expected_last, std::span<const journal::View> records) override {
    if (++appends_ % 3 == 0) {
      const auto others = rival_(head().seq + 1, records.size());
      if (auto appended = ForwardingJournal::append(head().seq, views(others)); !appended)
        return appended;
      ++fired_;
    }
    return ForwardingJournal::append(expected_last, records);
  }

  /// How often somebody else came first.
  std::uint64_t fired() const { return fired_; }

 private:
  const Rival rival_;
  std::uint64_t appends_ = 0;
  std::uint64_t fired_ = 0;
};

}  // namespace postern::support
