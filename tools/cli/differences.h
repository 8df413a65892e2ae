// What differs between two moments (H2), and what a change would have changed (H4), as they are
// shown.
#pragma once

#include "history_generated.h"
#include "tools/cli/verb.h"

namespace postern::cli {

/// Of the verb `diff`.
Handler diff(Options& options);

/// "30d" as 30; 0: it is no number of days from 1 to 400.
std::uint32_t read_days(const std::string& text);

/// Which recorded calls would be answered otherwise; gives the exit code: 0 none, 1 some.
int tell_flips(Session& session, const schema::FlipPageT& page);
/// The same of a change, which was not done.
int tell_preview(Session& session, const schema::FlipPageT& page);

}  // namespace postern::cli
