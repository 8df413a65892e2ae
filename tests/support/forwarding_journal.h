// For a journal of the tests that does one thing otherwise than another does.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "daemon/journal/journal.h"

namespace postern::support {

/// Passes everything on to `inner`, which outlives it.
class ForwardingJournal : public journal::Journal {
 public:
  explicit ForwardingJournal(journal::Journal& inner) : inner_(inner) {}

  Expected<> append(std::uint64_t expected_last, std::span<const journal::View> records) override {
    return inner_.append(expected_last, records);
  }
  bool appends_wait_long() const override { return inner_.appends_wait_long(); }
  std::optional<std::uint64_t> anchored_seq() const override { return inner_.anchored_seq(); }
  Expected<> wait_for_anchor(std::uint64_t seq) override { return inner_.wait_for_anchor(seq); }
  journal::Head head() const override { return inner_.head(); }
  std::unique_ptr<journal::Cursor> read_from(std::uint64_t seq) const override {
    return inner_.read_from(seq);
  }
  std::unique_ptr<journal::Following> follow(std::uint64_t last,
                                             journal::OnHead on_head) const override {
    return inner_.follow(last, std::move(on_head));
  }
  journal::Hash block(std::uint64_t index) const override { return inner_.block(index); }
  Expected<> health() const override { return inner_.health(); }
  Expected<> check_files() const override { return inner_.check_files(); }
  Expected<> close() override { return inner_.close(); }

 private:
  journal::Journal& inner_;
};

}  // namespace postern::support
