// Operators whose reach lies within the asker's (O2).
#include "daemon/view/answers.h"
#include "daemon/view/directory.h"

namespace postern::view {

namespace {

template <class Keys>
std::vector<std::unique_ptr<schema::PublicKeyT>> public_keys_of(const Keys& keys) {
  std::vector<std::unique_ptr<schema::PublicKeyT>> made;
  for (const auto& key : keys)
    made.emplace_back(std::make_unique<schema::PublicKeyT>())->bytes.assign(key.begin(), key.end());
  return made;
}

std::unique_ptr<schema::OperatorViewT> operator_view(const Inquiry& inquiry,
                                                     const domain::Operator& entry) {
  auto made = std::make_unique<schema::OperatorViewT>();
  made->id = std::make_unique<Uuid>(entry.id);
  made->name = entry.name;
  made->role = entry.role;
  made->standing = std::make_unique<schema::OperatorStandingT>();
  made->standing->keys = public_keys_of(entry.keys);
  made->standing->signing_keys = public_keys_of(entry.signing_keys);
  if (entry.uid) made->standing->uid = *entry.uid;
  made->standing->all_tenants = entry.all_tenants;
  for (const Uuid& id : entry.tenants)
    if (const domain::Tenant* tenant = inquiry.view.tables().find_tenant(id))
      made->standing->tenants.push_back(tenant->alias);
  made->standing->vouches = entry.vouches;
  made->added = cause_of(inquiry, entry.added_seq);
  made->changed = cause_of(inquiry, entry.changed_seq);
  return made;
}

}  // namespace

Answer<schema::OperatorPageT> answer(const Inquiry& inquiry, const schema::ListOperators&) {
  schema::OperatorPageT page;
  for (const domain::Operator* entry : list_operators(inquiry.view).entries)
    if (domain::lies_within(*entry, inquiry.asker))
      page.operators.push_back(operator_view(inquiry, *entry));
  return page;
}

}  // namespace postern::view
