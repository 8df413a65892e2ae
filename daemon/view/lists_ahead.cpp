#include "daemon/view/lists_ahead.h"

#include <algorithm>

namespace postern::view {

std::optional<ListsAhead::Next> ListsAhead::behind(const List& list, const domain::Uuid& user,
                                                   std::size_t count_max) {
  const auto kept = std::ranges::find(kept_, list, &Kept::list);
  if (kept == kept_.end()) return std::nullopt;
  const auto& users = kept->next.users;
  const auto last = std::ranges::find(users, user);
  if (last == users.end()) return std::nullopt;
  const auto left = static_cast<std::size_t>(users.end() - last) - 1;
  if (left < count_max && kept->next.more) return std::nullopt;
  const auto first = last + 1;
  const auto count = std::min(left, count_max);
  Next next{{first, first + static_cast<std::ptrdiff_t>(count)},
            kept->next.more || left > count_max};
  std::rotate(kept, kept + 1, kept_.end());
  return next;
}

void ListsAhead::keep(const List& list, Next next) {
  std::erase_if(kept_, [&](const Kept& kept) { return kept.list == list; });
  if (kept_.size() == lists_max) kept_.pop_front();
  kept_.push_back({list, std::move(next)});
}

}  // namespace postern::view
