// How the daemon is, as it changes: figures of its status answers, with rates between two of them.
// Thread: any, one at a time. Nothing is asked and nothing shown here.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "query_generated.h"
#include "tools/text/screen.h"

namespace postern::cli {

/// "healthy", or what is not.
std::string state_text(const schema::StatusT& status);
/// "of 12 records, signed 2026-11-01T12:00:00Z"
std::string checkpoint_text(const std::string& note);

struct BoardLine {
  std::string name;
  std::string value;
  text::Style style = text::Style::plain;
};

class StatusBoard {
 public:
  using Clock = std::chrono::steady_clock;

  void take(const schema::StatusT& status, Clock::time_point at);
  /// It did not answer; the figures stay as they were. Said of the first time in a row.
  void lose(const std::string& why, std::int64_t now_ns);

  /// State and what needs attention; empty before anything was told.
  std::vector<BoardLine> heads() const;
  /// One for each counter, in the daemon's order; those that say trouble only if they are not 0.
  std::vector<BoardLine> figures() const;

 private:
  std::string with_rate(const std::string& name, std::uint64_t value) const;

  std::optional<schema::StatusT> status_;
  Clock::time_point taken_{};
  /// What it was at the answer before, by name.
  std::map<std::string, std::uint64_t> before_;
  double seconds_ = 0;
  /// Empty: it answers.
  std::string lost_;
};

}  // namespace postern::cli
