#include "daemon/view/view.h"

#include <ranges>

namespace postern::view {

void View::load(const domain::Tables<domain::Owned>& tables) {
  const auto put = [&](const auto& entry) { tables_.put(&entry); };
  tables.for_each_tenant(put);
  tables_.load_users(tables);
  tables.for_each_operator(put);
  for (const auto& ranges : tables.providers())
    if (ranges != nullptr) tables_.put_ranges(ranges->provider, ranges);
  tables_.put_copies(tables.copies());
}

void View::take(const domain::Changes& changes) {
  for (const auto& change : changes.tenants) tables_.put(change.after.get());
  // A part holds what stands at the end of these changes, and what the one before it goes on with.
  for (const auto& change : changes.index_parts)
    tables_.put_part(change.is_of_names, change.part, change.after);
  for (const auto& change : changes.users)
    tables_.show(change.before.get(), change.after.get(), change.number);
  for (const auto& change : changes.operators) {
    if (change.after)
      tables_.put(change.after.get());
    else
      tables_.take_operator(change.before->id);
  }
  // The change holds the replaced one too, so that nothing is freed here.
  for (const auto& change : changes.ranges)
    tables_.put_ranges(change.after->provider, change.after);
  for (const auto& change : changes.copies) tables_.put_copies(change.after);
}

void View::take_back(const domain::Changes& changes) {
  for (const auto& [before, after] : std::views::reverse(changes.tenants)) {
    tables_.take_tenant(after->id);
    if (before) tables_.put(before.get());
  }
  for (const auto& change : std::views::reverse(changes.index_parts))
    tables_.put_part(change.is_of_names, change.part, change.before);
  for (const auto& change : std::views::reverse(changes.users))
    tables_.show(change.after.get(), change.before.get(), change.number);
  for (const auto& [before, after] : std::views::reverse(changes.operators)) {
    if (after) tables_.take_operator(after->id);
    if (before) tables_.put(before.get());
  }
  for (const auto& [before, after] : std::views::reverse(changes.ranges))
    tables_.put_ranges(after->provider, before);
  for (const auto& [before, after] : std::views::reverse(changes.copies))
    tables_.put_copies(before);
}

const domain::Tenant* View::find_tenant(const domain::Operator& asker,
                                        std::string_view alias) const {
  const domain::Tenant* tenant = tables_.find_tenant(alias);
  return tenant != nullptr && domain::in_scope(asker, tenant->id) ? tenant : nullptr;
}

}  // namespace postern::view
