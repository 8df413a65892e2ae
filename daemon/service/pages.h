// How a history page is made, the same for the historian and the auditor.
#pragma once

#include <vector>

#include "daemon/domain/entries.h"
#include "daemon/service/receipts.h"
#include "history_generated.h"

namespace postern::service {

/// What every page says besides its body.
struct PageHead {
  std::uint64_t id = 0;
  domain::Seq seq = 0;
  std::int64_t time_ns = 0;
};

/// A page with a body, made of its native form.
Message page_of(const PageHead& head, schema::HistoryPageBodyUnion body);

/// A page that says why there is no body.
Message refusal_page(const PageHead& head, schema::ProblemT problem, std::uint32_t retry_after_ms);

}  // namespace postern::service
