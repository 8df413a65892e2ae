// How a history page is made, the same for the historian and the auditor.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "daemon/domain/entries.h"
#include "daemon/service/receipts.h"
#include "daemon/view/moment.h"
#include "history_generated.h"

namespace postern::service {

/// Entries of a page that is read on from a place: of records, of recorded calls.
inline std::uint32_t read_on_count(std::uint32_t asked) {
  return asked == 0 ? 1'000 : std::min<std::uint32_t>(asked, 10'000);
}
/// Bytes of such a page, with its last entry about.
inline constexpr std::size_t read_on_bytes_max = 900'000;
/// What is looked at for such a page; the client asks on from where it ended.
inline constexpr std::size_t read_on_scan_max = 50'000;

/// What every page says besides its body.
struct PageHead {
  std::uint64_t id = 0;
  domain::Seq seq = 0;
  std::int64_t time_ns = 0;
  /// Q9; all zero: it is made of no view.
  view::Moment moment = {};
};

using NameOwners = std::vector<std::unique_ptr<schema::NameOwnerT>>;

/// A page with a body, made of its native form.
Message page_of(const PageHead& head, schema::HistoryPageBodyUnion body,
                NameOwners name_owners = {});

/// A page that says why there is no body.
Message refusal_page(const PageHead& head, schema::ProblemT problem, std::uint32_t retry_after_ms);

}  // namespace postern::service
