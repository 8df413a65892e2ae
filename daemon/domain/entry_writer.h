// Entries in the canonical form, one by one: for the digest, and for whoever shows that another
// form says the same.
#pragma once

#include "daemon/domain/grammar.h"

namespace postern::domain {

class EntryWriter : public CanonicalWriter {
 public:
  using CanonicalWriter::CanonicalWriter;
  void right(const std::string* action, const std::string* resource) {
    text(*action);
    text(*resource);
  }

  void write(const Tenant& entry) {
    write_as(tenant_tag, [&] { pass_tenant(*this, entry); });
  }
  void write(const User& entry) {
    write_as(user_tag, [&] { pass_user(*this, entry, extras_of(entry)); });
  }
  void write(const Operator& entry) {
    write_as(operator_tag, [&] { pass_operator(*this, entry); });
  }
  void write(const ProviderRanges& entry) {
    write_as(ranges_tag, [&] { pass_ranges(*this, entry); });
  }
  void write(const Copies& entry) {
    write_as(copies_tag, [&] { pass_copies(*this, entry); });
  }

 private:
  template <class Pass>
  void write_as(std::uint64_t tag, Pass pass) {
    number(tag);
    pass();
    flush();
  }
};

}  // namespace postern::domain
