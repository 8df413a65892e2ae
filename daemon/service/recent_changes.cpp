#include "daemon/service/recent_changes.h"

#include <algorithm>
#include <ranges>

namespace postern::service {

std::size_t RecentChanges::size_of(const domain::Changes& changes) {
  return changes.tenants.size() + changes.users.size() + changes.operators.size() +
         changes.ranges.size() + changes.copies.size();
}

bool RecentChanges::erases(const Published& published) {
  return std::ranges::any_of(published.changes.users, [](const auto& change) {
    return change.before && change.after && !domain::is_erased(*change.before) &&
           domain::is_erased(*change.after);
  });
}

void RecentChanges::go_back(view::View& view, domain::Seq seq) const {
  for (const auto& published : std::views::reverse(kept_)) {
    if (published->head.seq <= seq) break;
    view.take_back(published->changes);
  }
}

void RecentChanges::come_again(view::View& view, domain::Seq seq) const {
  for (const auto& published : kept_)
    if (published->head.seq > seq) view.take(published->changes);
}

}  // namespace postern::service
