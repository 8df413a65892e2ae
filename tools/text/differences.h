// Differences of access (H2) and flips (H3, H4) as rows of a table. Functions without state, for
// any thread. What strangers chose stands in them as it is: the table makes it fit.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "history_generated.h"
#include "tools/text/layout.h"

namespace postern::text {

using TimeForm = std::function<std::string(std::int64_t time_ns)>;

Columns difference_columns();
/// "gained  api.bob  read  table/customer  no_matching_grant  ok  12  …".
std::vector<std::string> difference_row(const schema::DifferenceLineT& line,
                                        const TimeForm& time_of);

Columns flip_columns();
std::vector<std::string> flip_row(const schema::FlipT& flip, const TimeForm& time_of);

/// "2 recorded calls would be denied, 0 allowed, of 14 that were asked again; 3 could not be.", and
/// what share of all calls they are. A sentence each.
std::vector<std::string> flip_sentences(const schema::FlipPageT& page, const TimeForm& time_of);

/// Of the calls that the journal counts the recorded ones, in percent, rounded down; 0: it counts
/// none.
unsigned coverage_percent(const schema::FlipPageT& page);

/// H3: why it may not be said that nothing would change, where less than this share of all calls is
/// recorded; empty: it may.
std::string coverage_fault(const schema::FlipPageT& page, unsigned percent_min);
inline constexpr const char* coverage_remedy =
    "Switch on the recording of calls for more users, or demand less.";

}  // namespace postern::text
