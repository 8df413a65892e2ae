// The moment that an answer stands at (Q9), and how a list's cursor names it, so that every page
// is of the moment of the first (Q4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/domain/entries.h"
#include "history_generated.h"

namespace postern::view {

struct Moment {
  /// The newest record then.
  domain::Seq seq = 0;
  /// What time it was, by which expiry, timed locks and conditions are judged. UTC nanoseconds.
  std::int64_t time_ns = 0;

  bool operator==(const Moment&) const = default;
};

/// A place in a list as `next` tells it.
struct Cursor {
  /// Absent: of a client that named a place alone.
  std::optional<Moment> moment;
  std::string_view place;
};

/// Borrows from the text.
Cursor split_cursor(std::string_view text);
/// The place alone, whatever moment stands before it.
std::string_view place_in(const flatbuffers::String* after);

/// What the `after` of a request says; empty where it has none.
Cursor cursor_in(const schema::HistoryRequest& request);
/// Puts the moment into the page's `next`, where it has one.
void name_moment(schema::HistoryPageBodyUnion& page, const Moment& moment);

}  // namespace postern::view
