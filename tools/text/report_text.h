// An access review (H8) as data, in a few lines for a terminal, and as one page to look at.
// Functions without state but for the time zone, for any thread.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "history_generated.h"

namespace postern::text {

/// A report with the state it was made from.
struct ReportMade {
  schema::ReportT report;
  std::uint64_t seq = 0;
  /// UTC nanoseconds.
  std::int64_t time_ns = 0;
  /// SHA-256 of `json_text(report_json(…))`, in hexadecimal: what a review signs for. Filled in by
  /// whoever can hash.
  std::string sha256 = {};
};

boost::json::object report_json(const ReportMade& made);

/// What a finding is called, and why somebody should look at it.
std::string_view finding_title(schema::FindingKind kind);
std::string_view finding_sentence(schema::FindingKind kind);

/// "of the report at record 11: seq 12, 2026-07-01 by anna, All is well."
std::string review_text(const schema::ReviewViewT& review);

void write_report(std::ostream& out, const ReportMade& made);

/// HTML in one piece: nothing is fetched, nothing runs; light and dark, on a telephone and on
/// paper.
std::string report_page(const std::vector<ReportMade>& reports);

}  // namespace postern::text
