// The access review (H8, D3) offline: of one tenant, or of all, as it stood at a moment.
#pragma once

#include "replay/verbs.h"

namespace postern::replay {

struct ReportOptions {
  /// TIME|SEQ; empty: the newest record, at the time of which nothing is judged as later.
  std::string at;
  /// An alias; empty: every tenant.
  std::string tenant;
  /// 0: since the tenant's last review, else from its first record.
  std::uint64_t from_seq = 0;
  std::uint64_t unused_days = 90;
  std::uint64_t soon_days = 30;
  /// Of each finding.
  std::uint64_t rows = 100;
  /// Where the page goes; empty: none is made. "-": standard output.
  std::string html;
};

Expected<int> report(const Audit& audit, const ReportOptions& options);

}  // namespace postern::replay
