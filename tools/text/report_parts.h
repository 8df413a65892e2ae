// The parts of a report's page: its style, its charts. Functions without state, for any thread.
#pragma once

#include <string>
#include <string_view>

#include "history_generated.h"

namespace postern::text {

/// The whole style sheet.
std::string_view report_style();

/// Fit for HTML, within an attribute too; what deceives is shown escaped.
std::string html_text(std::string_view text);

/// One bar for each week, of what changed in it.
std::string changes_chart(const schema::ReportT& report);
/// One bar for each week, of calls that were denied.
std::string denied_chart(const schema::ReportT& report);
/// One bar, its parts as wide as the counts.
std::string status_bar(const schema::ReportT& report);

}  // namespace postern::text
