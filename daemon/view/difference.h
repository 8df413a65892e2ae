// H2: what can be done after that could not before, or no more, user by user; and where one record
// did the same to many, once.
#pragma once

#include <vector>

#include "daemon/view/inquiry.h"
#include "daemon/view/trail.h"

namespace postern::view {

/// The earlier of two moments of one journal. All outlives the answer.
struct Earlier {
  const View& view;
  domain::Seq seq = 0;
  std::int64_t now_ns = 0;
  /// Of the records from here to the later moment.
  const Trail& trail;
};

struct DifferenceScope {
  std::string_view tenant;
  /// Who has the name at either moment; empty: all.
  std::string_view username = {};
  /// A line for each user.
  bool unfold = false;
  /// So many answers may be compared; refused where it takes more. 0: any.
  std::size_t work_max = 0;
  /// So many lines may be made; refused likewise. 0: any.
  std::size_t lines_max = 0;
};

/// In order: by the record that made the difference, then by resource and action. `later`: who
/// asks, at the later moment.
Answer<std::vector<schema::DifferenceLineT>> differences(const Earlier& earlier,
                                                         const Inquiry& later,
                                                         const DifferenceScope& scope);

/// Of these lines the page that is wanted.
schema::DifferencePageT page_of(std::vector<schema::DifferenceLineT> lines,
                                const schema::GetDifference& wanted);

}  // namespace postern::view
