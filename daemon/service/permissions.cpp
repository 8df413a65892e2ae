#include "daemon/service/permissions.h"

#include <cstdint>
#include <span>

namespace postern::service {

namespace {

using schema::CommandBody;
using schema::HistoryBody;
using schema::QueryBody;
using schema::Role;

/// A set of roles, one bit each.
using Roles = std::uint8_t;

constexpr Roles set_of(Role role) { return static_cast<Roles>(1U << static_cast<unsigned>(role)); }

constexpr Roles daemon = set_of(Role::daemon);
constexpr Roles owners = set_of(Role::owner);
constexpr Roles administrators = owners | set_of(Role::administrator);
constexpr Roles managers = administrators | set_of(Role::manager);
constexpr Roles readers = managers | set_of(Role::auditor);
constexpr Roles askers = managers | set_of(Role::service);
constexpr Roles everybody = readers | set_of(Role::service);

template <class Kind>
struct Row {
  Kind kind;
  Roles roles;
};

constexpr Row<CommandBody> commands[] = {
    {CommandBody::CreateTenant, owners},
    {CommandBody::EnableTenant, owners},
    {CommandBody::DisableTenant, owners},
    {CommandBody::CreateUser, managers},
    {CommandBody::EnableUser, managers},
    {CommandBody::DisableUser, managers},
    {CommandBody::TrashUser, managers},
    {CommandBody::RestoreUser, managers},
    {CommandBody::DeleteUser, administrators},
    {CommandBody::LockUser, managers},
    {CommandBody::UnlockUser, managers},
    {CommandBody::SetApiAccess, managers},
    {CommandBody::ResetPassword, managers},
    {CommandBody::ChangePassword, askers},
    {CommandBody::RecordAttempt, daemon},
    {CommandBody::AddGrant, managers},
    {CommandBody::RemoveGrant, managers},
    {CommandBody::AddOperator, owners},
    {CommandBody::ChangeOperator, owners},
    {CommandBody::RemoveOperator, owners},
    {CommandBody::RecordRefusals, daemon},
    {CommandBody::SetTenant, administrators},
    {CommandBody::DefineCatalogue, administrators},
    {CommandBody::RetireCatalogue, administrators},
    {CommandBody::EndTenantSessions, managers},
    {CommandBody::RenameUser, managers},
    {CommandBody::SetProfile, managers},
    {CommandBody::SetUserSettings, managers},
    {CommandBody::RotatePassword, managers},
    {CommandBody::CreateKey, managers},
    {CommandBody::RevokeKey, managers},
    {CommandBody::EndSessions, askers},
    {CommandBody::CreateRole, administrators},
    {CommandBody::DeleteRole, administrators},
    {CommandBody::AddRoleGrant, administrators},
    {CommandBody::RemoveRoleGrant, administrators},
    {CommandBody::NestRole, administrators},
    {CommandBody::UnnestRole, administrators},
    {CommandBody::AssignRole, managers},
    {CommandBody::UnassignRole, managers},
    {CommandBody::ImportRanges, owners},
    {CommandBody::RecordUse, daemon},
    {CommandBody::EraseUser, administrators},
    {CommandBody::BackUpKeys, owners},
};

// A service's check by bare name also needs the operator's flag `vouches`; the reader asks for it.
// An auditor changes nothing, and a password check may count and lock.
constexpr Row<QueryBody> queries[] = {
    {QueryBody::Authenticate, askers},
    {QueryBody::Check, everybody},
    {QueryBody::GetStatus, everybody},
    {QueryBody::RenewSession, askers},
};

constexpr Row<HistoryBody> history[] = {
    {HistoryBody::GetRecords, readers},
    {HistoryBody::GetTenant, readers},
    {HistoryBody::ListTenants, readers},
    {HistoryBody::GetUser, readers},
    {HistoryBody::ListUsers, readers},
    {HistoryBody::ListOperators, administrators | set_of(Role::auditor)},
    {HistoryBody::Explain, readers},
    {HistoryBody::GetDigest, readers},
    {HistoryBody::ListCatalogue, readers},
    {HistoryBody::ListRoles, readers},
    {HistoryBody::GetRole, readers},
    {HistoryBody::ListPermissions, everybody},
    {HistoryBody::WhoCan, readers},
    {HistoryBody::ListRanges, readers},
    {HistoryBody::TestAddress, readers},
    {HistoryBody::ListCalls, readers},
    // They tell nothing but how many records there are; who relies on answers may hold us to them.
    {HistoryBody::GetCheckpoint, everybody},
    {HistoryBody::GetConsistency, everybody},
    {HistoryBody::GetInclusion, everybody},
    {HistoryBody::GetKeys, owners},
};

static_assert(std::size(commands) == static_cast<std::size_t>(CommandBody::MAX),
              "every command has its row");
static_assert(std::size(queries) == static_cast<std::size_t>(QueryBody::MAX),
              "every query has its row");
static_assert(std::size(history) == static_cast<std::size_t>(HistoryBody::MAX),
              "every request has its row");

template <class Kind, std::size_t count>
bool look_up(const Row<Kind> (&table)[count], Role role, Kind kind) {
  for (const Row<Kind>& row : table)
    if (row.kind == kind) return (row.roles & set_of(role)) != 0;
  return false;
}

}  // namespace

bool may(Role role, CommandBody kind) { return look_up(commands, role, kind); }
bool may(Role role, QueryBody kind) { return look_up(queries, role, kind); }
bool may(Role role, HistoryBody kind) { return look_up(history, role, kind); }

}  // namespace postern::service
