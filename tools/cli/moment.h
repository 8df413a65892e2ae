// --at TIME|SEQ: the moment that a question is about (Q9).
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "history_generated.h"

namespace postern::arguments {
class Options;
struct Option;
}  // namespace postern::arguments

namespace postern::cli {

/// What was typed. Neither: now.
struct At {
  std::uint64_t seq = 0;
  std::int64_t time_ns = 0;

  bool is_given() const { return seq != 0 || time_ns != 0; }
};

/// `--at`, a seq or a time.
void add_at(arguments::Options& options, At& at);
/// The same under another name.
arguments::Option& add_moment(arguments::Options& options, std::string name, At& at,
                              std::string help);

/// `--since`, a time or how long ago; `since_ns` in UTC nanoseconds, 0 where it is not given.
arguments::Option& add_since(arguments::Options& options, std::int64_t& since_ns, std::string help);

/// "As of seq 12, 2026-07-01T12:00:00Z."
void tell_moment(std::ostream& talk, const schema::HistoryPageT& page);
/// U1: who has or had the name that was asked for, where they are several.
void tell_owners(std::ostream& talk, const schema::HistoryPageT& page);

}  // namespace postern::cli
