// Every answer that is made of a view alone, for the present as for any past moment. What takes
// long, as a list over all users does, is for a thread that may.
#pragma once

#include "daemon/view/inquiry.h"

namespace postern::view {

// ---- tenants and operators, in tenants.cpp and operators.cpp
Answer<schema::TenantPageT> answer(const Inquiry& inquiry, const schema::GetTenant& wanted);
Answer<schema::TenantPageT> answer(const Inquiry& inquiry, const schema::ListTenants& wanted);
Answer<schema::OperatorPageT> answer(const Inquiry& inquiry, const schema::ListOperators& wanted);

// ---- Q6: users, in portal.cpp and user_list.cpp
Answer<schema::UserViewT> answer(const Inquiry& inquiry, const schema::GetUser& wanted);
Answer<schema::UserPageT> answer(const Inquiry& inquiry, const schema::ListUsers& wanted);

// ---- A7, A8: what there is to be granted, in catalogue.cpp and roles.cpp
Answer<schema::CataloguePageT> answer(const Inquiry& inquiry, const schema::ListCatalogue& wanted);
Answer<schema::RolePageT> answer(const Inquiry& inquiry, const schema::ListRoles& wanted);
Answer<schema::RoleViewT> answer(const Inquiry& inquiry, const schema::GetRole& wanted);

// ---- Q2 to Q5: access, in check_user.cpp, permissions.cpp, who_can.cpp and explain.cpp
Answer<schema::CheckedT> answer(const Inquiry& inquiry, const schema::CheckUser& wanted);
Answer<schema::PermissionPageT> answer(const Inquiry& inquiry,
                                       const schema::ListPermissions& wanted);
Answer<schema::HolderPageT> answer(const Inquiry& inquiry, const schema::WhoCan& wanted);
Answer<schema::ExplanationT> answer(const Inquiry& inquiry, const schema::Explain& wanted);

// ---- H10: what takes a record back, in undo.cpp; it reads records
Answer<schema::UndoPlanT> answer(const Inquiry& inquiry, const schema::PlanUndo& wanted);

// ---- S1, S3: who is in a session, in sessions.cpp; of now alone
Answer<schema::SessionPageT> answer(const Inquiry& inquiry, const schema::ListSessions& wanted);

// ---- what expires soon, in expiring.cpp
Answer<schema::ExpiringPageT> answer(const Inquiry& inquiry, const schema::ListExpiring& wanted);

// ---- N1 to N4: addresses, in networks.cpp
Answer<schema::RangesPageT> answer(const Inquiry& inquiry, const schema::ListRanges& wanted);
Answer<schema::AddressTestedT> answer(const Inquiry& inquiry, const schema::TestAddress& wanted);

/// Whichever of these it is; `unknown_kind` where it is none of them.
Answer<schema::HistoryPageBodyUnion> answer(const Inquiry& inquiry,
                                            const schema::HistoryRequest& request);

}  // namespace postern::view
