// The access review of one tenant (H8, D3): who is there, what they may do, what of it is used,
// what changed and what was refused.
#pragma once

#include "daemon/view/activity.h"
#include "daemon/view/inquiry.h"

namespace postern::view {

/// How much of it a page may hold.
struct ReportBounds {
  /// Of each finding.
  std::size_t rows_max;
  std::size_t row_bytes_max;
  std::size_t areas_max;
};
/// What fits one message, whatever is found: 18 findings of so many bytes.
inline constexpr ReportBounds report_on_a_page{1'000, 30'000, 200};

/// `added`: of this tenant's records up to the moment. Between what its last review looked at and
/// the review itself the records are read here, by their links.
Answer<schema::ReportT> report(const Inquiry& inquiry, const schema::GetReport& wanted,
                               const Activity& added,
                               const ReportBounds& bounds = report_on_a_page);

}  // namespace postern::view
