#include "daemon/service/permissions.h"

#include <cstdint>
#include <string_view>

#include "schema/problem.h"

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
  Reach reach;
};

constexpr Row<CommandBody> commands[] = {
    {CommandBody::CreateTenant, owners, Reach::all},
    {CommandBody::EnableTenant, owners, Reach::tenant},
    {CommandBody::DisableTenant, owners, Reach::tenant},
    {CommandBody::CreateUser, managers, Reach::tenant},
    {CommandBody::EnableUser, managers, Reach::tenant},
    {CommandBody::DisableUser, managers, Reach::tenant},
    {CommandBody::TrashUser, managers, Reach::tenant},
    {CommandBody::RestoreUser, managers, Reach::tenant},
    {CommandBody::DeleteUser, administrators, Reach::tenant},
    {CommandBody::LockUser, managers, Reach::tenant},
    {CommandBody::UnlockUser, managers, Reach::tenant},
    {CommandBody::SetApiAccess, managers, Reach::tenant},
    {CommandBody::ResetPassword, managers, Reach::tenant},
    {CommandBody::ChangePassword, askers, Reach::tenant},
    {CommandBody::RecordAttempt, daemon, Reach::tenant},
    {CommandBody::AddGrant, managers, Reach::tenant},
    {CommandBody::RemoveGrant, managers, Reach::tenant},
    {CommandBody::AddOperator, owners, Reach::all},
    {CommandBody::ChangeOperator, owners, Reach::all},
    {CommandBody::RemoveOperator, owners, Reach::all},
    {CommandBody::RecordRefusals, daemon, Reach::all},
    {CommandBody::SetTenant, administrators, Reach::tenant},
    {CommandBody::DefineCatalogue, administrators, Reach::tenant},
    {CommandBody::RetireCatalogue, administrators, Reach::tenant},
    {CommandBody::EndTenantSessions, managers, Reach::tenant},
    {CommandBody::RenameUser, managers, Reach::tenant},
    {CommandBody::SetProfile, managers, Reach::tenant},
    {CommandBody::SetUserSettings, managers, Reach::tenant},
    {CommandBody::RotatePassword, managers, Reach::tenant},
    {CommandBody::CreateKey, managers, Reach::tenant},
    {CommandBody::RevokeKey, managers, Reach::tenant},
    {CommandBody::EndSessions, askers, Reach::tenant},
    {CommandBody::CreateRole, administrators, Reach::tenant},
    {CommandBody::DeleteRole, administrators, Reach::tenant},
    {CommandBody::AddRoleGrant, administrators, Reach::tenant},
    {CommandBody::RemoveRoleGrant, administrators, Reach::tenant},
    {CommandBody::NestRole, administrators, Reach::tenant},
    {CommandBody::UnnestRole, administrators, Reach::tenant},
    {CommandBody::AssignRole, managers, Reach::tenant},
    {CommandBody::UnassignRole, managers, Reach::tenant},
    {CommandBody::ImportRanges, owners, Reach::all},
    {CommandBody::RecordUse, daemon, Reach::tenant},
    {CommandBody::EraseUser, administrators, Reach::tenant},
    {CommandBody::BackUpKeys, owners, Reach::all},
    {CommandBody::RecordReview, administrators, Reach::tenant},
};

// A service's check by bare name also needs the operator's flag `vouches`; the reader asks for it.
// An auditor changes nothing, and a password check may count and lock.
constexpr Row<QueryBody> queries[] = {
    {QueryBody::Authenticate, askers, Reach::tenant},
    {QueryBody::Check, everybody, Reach::tenant},
    {QueryBody::GetStatus, everybody, Reach::own},
    {QueryBody::RenewSession, askers, Reach::tenant},
};

// Ranges are the installation's, and every tenant's rules rest on them: who reads rules reads them.
constexpr Row<HistoryBody> history[] = {
    {HistoryBody::GetRecords, readers, Reach::own},
    {HistoryBody::GetTenant, readers, Reach::tenant},
    {HistoryBody::ListTenants, readers, Reach::own},
    {HistoryBody::GetUser, readers, Reach::tenant},
    {HistoryBody::ListUsers, readers, Reach::tenant},
    {HistoryBody::ListOperators, administrators | set_of(Role::auditor), Reach::own},
    {HistoryBody::Explain, readers, Reach::tenant},
    {HistoryBody::GetDigest, readers, Reach::all},
    {HistoryBody::ListCatalogue, readers, Reach::tenant},
    {HistoryBody::ListRoles, readers, Reach::tenant},
    {HistoryBody::GetRole, readers, Reach::tenant},
    {HistoryBody::ListPermissions, everybody, Reach::tenant},
    {HistoryBody::WhoCan, readers, Reach::tenant},
    {HistoryBody::ListRanges, readers, Reach::own},
    {HistoryBody::TestAddress, readers, Reach::tenant},
    {HistoryBody::ListCalls, readers, Reach::own},
    // They tell how many records there are, and hashes; who relies on answers may hold us to them.
    {HistoryBody::GetCheckpoint, everybody, Reach::own},
    {HistoryBody::GetConsistency, everybody, Reach::own},
    {HistoryBody::GetInclusion, everybody, Reach::own},
    {HistoryBody::GetKeys, owners, Reach::all},
    {HistoryBody::GetDifference, readers, Reach::tenant},
    // Each of the commands is looked up above, too.
    {HistoryBody::PreviewCommands, managers, Reach::tenant},
    {HistoryBody::CheckUser, readers, Reach::tenant},
    {HistoryBody::GetReport, readers, Reach::tenant},
    {HistoryBody::PlanUndo, managers, Reach::own},
    // It tells what recorded calls tell; nobody could send what it supposes by it.
    {HistoryBody::GetWhatIf, readers, Reach::tenant},
    {HistoryBody::ListSessions, readers, Reach::tenant},
    {HistoryBody::ListExpiring, readers, Reach::own},
    // Of a service it also needs the operator's flag `vouches`; the historian asks for it.
    {HistoryBody::GetAccess, everybody, Reach::own},
};

/// Each kind of the union has exactly one row.
template <class Kind, std::size_t count>
consteval bool is_whole(const Row<Kind> (&table)[count]) {
  for (auto number = 1; number <= static_cast<int>(Kind::MAX); ++number) {
    std::size_t rows = 0;
    for (const Row<Kind>& row : table) rows += row.kind == static_cast<Kind>(number);
    if (rows != 1) return false;
  }
  return count == static_cast<std::size_t>(Kind::MAX);
}

static_assert(is_whole(commands), "every command has its row");
static_assert(is_whole(queries), "every query has its row");
static_assert(is_whole(history), "every request has its row");

schema::ProblemT not_permitted(std::string_view detail) {
  return schema::make_problem(schema::Code::not_permitted, "body", detail);
}

template <class Kind, std::size_t count>
std::optional<schema::ProblemT> look_up(const Row<Kind> (&table)[count],
                                        const domain::Operator& asker, Kind kind) {
  for (const Row<Kind>& row : table) {
    if (row.kind != kind) continue;
    if ((row.roles & set_of(asker.role)) == 0) return not_permitted({});
    if (row.reach == Reach::all && !asker.all_tenants)
      return not_permitted("It concerns the whole installation, and your scope is a few tenants.");
    return std::nullopt;
  }
  return schema::make_problem(schema::Code::unknown_kind, "body");
}

template <class Kind, std::size_t count>
Reach look_up(const Row<Kind> (&table)[count], Kind kind) {
  for (const Row<Kind>& row : table)
    if (row.kind == kind) return row.reach;
  return Reach::all;
}

}  // namespace

std::optional<schema::ProblemT> refusal(const domain::Operator& asker, CommandBody kind) {
  return look_up(commands, asker, kind);
}
std::optional<schema::ProblemT> refusal(const domain::Operator& asker, QueryBody kind) {
  return look_up(queries, asker, kind);
}
std::optional<schema::ProblemT> refusal(const domain::Operator& asker, HistoryBody kind) {
  return look_up(history, asker, kind);
}

Reach reach_of(CommandBody kind) { return look_up(commands, kind); }
Reach reach_of(QueryBody kind) { return look_up(queries, kind); }
Reach reach_of(HistoryBody kind) { return look_up(history, kind); }

}  // namespace postern::service
