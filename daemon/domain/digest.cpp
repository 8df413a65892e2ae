// The bytes: see grammar.h.
#include "daemon/domain/digest.h"

#include <algorithm>

#include "daemon/domain/grammar.h"

namespace postern::domain {

namespace {

class EntryWriter : public CanonicalWriter {
 public:
  using CanonicalWriter::CanonicalWriter;
  void shared_text(const std::string* value) { text(*value); }
};

template <class Entry, class Pass>
void write_sorted(EntryWriter& out, std::uint64_t tag, std::vector<const Entry*>& entries,
                  Pass pass) {
  std::ranges::sort(entries, less, [](const Entry* entry) { return entry->id; });
  for (const Entry* entry : entries) {
    out.number(tag);
    pass(*entry);
    out.flush();
  }
}

}  // namespace

template <template <class> class Handle>
void write_canonical(const Tables<Handle>& tables, const Sink& sink) {
  EntryWriter out(sink);
  std::vector<const Tenant*> tenants;
  std::vector<const User*> users;
  std::vector<const Operator*> operators;
  tables.for_each_tenant([&](const Tenant& entry) { tenants.push_back(&entry); });
  tables.for_each_user([&](const User& entry) { users.push_back(&entry); });
  tables.for_each_operator([&](const Operator& entry) { operators.push_back(&entry); });
  write_sorted(out, tenant_tag, tenants, [&](const Tenant& entry) { pass_tenant(out, entry); });
  write_sorted(out, user_tag, users,
               [&](const User& entry) { pass_user(out, entry, extras_of(entry)); });
  write_sorted(out, operator_tag, operators,
               [&](const Operator& entry) { pass_operator(out, entry); });
  for (const auto& ranges : tables.providers()) {
    if (ranges == nullptr) continue;
    out.number(ranges_tag);
    pass_ranges(out, *ranges);
    out.flush();
  }
  if (tables.copies() == nullptr) return;
  out.number(copies_tag);
  pass_copies(out, *tables.copies());
  out.flush();
}

template void write_canonical(const Tables<Owned>& tables, const Sink& sink);
template void write_canonical(const Tables<Borrowed>& tables, const Sink& sink);

}  // namespace postern::domain
