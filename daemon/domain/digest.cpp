// The bytes: see grammar.h.
#include "daemon/domain/digest.h"

#include <algorithm>

#include "daemon/domain/entry_writer.h"

namespace postern::domain {

void EntryList::sort_by_id() {
  const auto sort = [](auto& entries) {
    std::ranges::sort(entries, less, [](const auto* entry) { return entry->id; });
  };
  sort(tenants);
  sort(users);
  sort(operators);
}

template <template <class> class Handle>
EntryList entries_of(const Tables<Handle>& tables) {
  EntryList list;
  list.tenants.reserve(tables.tenant_count());
  list.users.reserve(tables.live_user_count());
  tables.for_each_tenant([&](const Tenant& entry) { list.tenants.push_back(&entry); });
  tables.for_each_user([&](const User& entry) { list.users.push_back(&entry); });
  tables.for_each_operator([&](const Operator& entry) { list.operators.push_back(&entry); });
  list.providers = tables.providers();
  list.copies = tables.copies();
  return list;
}

template EntryList entries_of(const Tables<Owned>& tables);
template EntryList entries_of(const Tables<Borrowed>& tables);

template <template <class> class Handle>
void write_canonical(const Tables<Handle>& tables, const Sink& sink) {
  EntryList entries = entries_of(tables);
  entries.sort_by_id();
  EntryWriter out(sink);
  for (const Tenant* entry : entries.tenants) out.write(*entry);
  for (const User* entry : entries.users) out.write(*entry);
  for (const Operator* entry : entries.operators) out.write(*entry);
  for (const auto& ranges : entries.providers)
    if (ranges != nullptr) out.write(*ranges);
  if (entries.copies != nullptr) out.write(*entries.copies);
}

template void write_canonical(const Tables<Owned>& tables, const Sink& sink);
template void write_canonical(const Tables<Borrowed>& tables, const Sink& sink);

}  // namespace postern::domain
