#include "daemon/service/past_subject.h"

#include <algorithm>

#include "schema/text_view.h"

namespace postern::service {

namespace {

using schema::HistoryBody;
using schema::view_of;

template <class Wanted>
Named user_in(const schema::HistoryRequest& request) {
  const auto& wanted = *request.body_as<Wanted>();
  return {view_of(wanted.tenant()), view_of(wanted.username())};
}

template <class Wanted>
Named tenant_in(const schema::HistoryRequest& request) {
  return {view_of(request.body_as<Wanted>()->tenant()), {}};
}

}  // namespace

bool takes_moment(HistoryBody kind) {
  switch (kind) {
    case HistoryBody::GetTenant:
    case HistoryBody::ListTenants:
    case HistoryBody::GetUser:
    case HistoryBody::ListUsers:
    case HistoryBody::Explain:
    case HistoryBody::ListCatalogue:
    case HistoryBody::ListRoles:
    case HistoryBody::GetRole:
    case HistoryBody::ListPermissions:
    case HistoryBody::WhoCan:
    case HistoryBody::ListRanges:
    case HistoryBody::TestAddress:
    case HistoryBody::CheckUser:
    case HistoryBody::GetDifference:
    case HistoryBody::GetReport:
    case HistoryBody::GetWhatIf:
      return true;
    case HistoryBody::GetRecords:
    case HistoryBody::ListOperators:
    case HistoryBody::GetDigest:
    case HistoryBody::ListCalls:
    case HistoryBody::GetCheckpoint:
    case HistoryBody::GetConsistency:
    case HistoryBody::GetInclusion:
    case HistoryBody::GetKeys:
    case HistoryBody::PreviewCommands:
    case HistoryBody::PlanUndo:
    // What was seen since the start, and what is to come.
    case HistoryBody::ListSessions:
    case HistoryBody::ListExpiring:
    case HistoryBody::GetAccess:
    case HistoryBody::NONE:
      break;
  }
  return false;
}

bool takes_long(HistoryBody kind) {
  return kind == HistoryBody::GetDifference || kind == HistoryBody::GetReport ||
         kind == HistoryBody::PreviewCommands || kind == HistoryBody::PlanUndo ||
         kind == HistoryBody::GetWhatIf;
}

Named named_in(const schema::HistoryRequest& request) {
  if (const auto* wanted = request.body_as_GetUser()) {
    Named named = user_in<schema::GetUser>(request);
    named.user = wanted->user_id();
    return named;
  }
  if (const auto* wanted = request.body_as_ListPermissions()) {
    Named named = user_in<schema::ListPermissions>(request);
    named.token = view_of(wanted->token());
    return named;
  }
  if (request.body_as_CheckUser() != nullptr) return user_in<schema::CheckUser>(request);
  if (request.body_as_Explain() != nullptr) return user_in<schema::Explain>(request);
  if (request.body_as_TestAddress() != nullptr) return user_in<schema::TestAddress>(request);
  if (const auto* wanted = request.body_as_GetTenant()) return {view_of(wanted->alias()), {}};
  if (request.body_as_ListUsers() != nullptr) return tenant_in<schema::ListUsers>(request);
  if (request.body_as_ListCatalogue() != nullptr) return tenant_in<schema::ListCatalogue>(request);
  if (request.body_as_ListRoles() != nullptr) return tenant_in<schema::ListRoles>(request);
  if (request.body_as_GetRole() != nullptr) return tenant_in<schema::GetRole>(request);
  if (request.body_as_WhoCan() != nullptr) return tenant_in<schema::WhoCan>(request);
  if (request.body_as_GetReport() != nullptr) return tenant_in<schema::GetReport>(request);
  return {};
}

PastExtent extent_of(HistoryBody kind) {
  constexpr HistoryBody whole[] = {HistoryBody::GetTenant, HistoryBody::ListTenants,
                                   HistoryBody::ListUsers, HistoryBody::ListRoles,
                                   HistoryBody::GetRole,   HistoryBody::WhoCan,
                                   HistoryBody::GetReport};
  return std::ranges::find(whole, kind) != std::end(whole) ? PastExtent::whole : PastExtent::part;
}

NameHolders holders_of(const view::View& view, const domain::PastIndex& index,
                       const domain::Tenant& tenant, const Named& named) {
  NameHolders holders;
  const auto add = [&](const domain::User* user) {
    if (user == nullptr || user->tenant != tenant.id) return;
    if (std::ranges::find(holders.users, user->id, &PastUser::id) == holders.users.end())
      holders.users.push_back({user->id, user->last_seq});
  };
  const auto own = [&](const domain::Uuid& user, domain::Seq until_seq) {
    auto& owner = holders.owners.emplace_back(std::make_unique<schema::NameOwnerT>());
    owner->user = std::make_unique<domain::Uuid>(user);
    owner->until_seq = until_seq;
  };
  const view::View::Tables& tables = view.tables();
  for (const domain::FormerOwner& owner : index.former_owners(tenant.id, named.username)) {
    add(tables.find_user(owner.user));
    own(owner.user, owner.until_seq);
    holders.until_seq = owner.until_seq;
  }
  if (const domain::User* user = tables.find_user(tenant.id, named.username)) {
    add(user);
    own(user->id, 0);
    holders.until_seq = 0;
  }
  // One that took its own name again has had it all the same.
  if (holders.users.size() < 2) holders.owners.clear();
  if (named.user != nullptr) add(tables.find_user(*named.user));
  return holders;
}

}  // namespace postern::service
