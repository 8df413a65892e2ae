// O1: the gate, cell by cell, against the rule's own words; the table here shares nothing with the
// code's.
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <string_view>

#include "daemon/service/permissions.h"

namespace postern {

namespace {

using schema::Role;

// One letter for each role that may: owner, administrator, manager, auditor (u),
// service, daemon. Behind a star: those of all tenants alone, as it concerns the installation.
const std::map<std::string_view, std::string_view> commands = {
    // owner alone: operators, tenants created or disabled, provider ranges; what concerns the
    // installation needs one of all tenants
    {"CreateTenant", "*o"},
    {"EnableTenant", "o"},
    {"DisableTenant", "o"},
    {"AddOperator", "*o"},
    {"ChangeOperator", "*o"},
    {"RemoveOperator", "*o"},
    {"ImportRanges", "*o"},
    // administrator: everything inside its tenants; not the manager's: delete, erase, policies,
    // roles, catalogue
    {"DeleteUser", "oa"},
    {"EraseUser", "oa"},
    {"BackUpKeys", "*o"},
    {"SetTenant", "oa"},
    {"DefineCatalogue", "oa"},
    {"RetireCatalogue", "oa"},
    {"CreateRole", "oa"},
    {"DeleteRole", "oa"},
    {"AddRoleGrant", "oa"},
    {"RemoveRoleGrant", "oa"},
    {"NestRole", "oa"},
    {"UnnestRole", "oa"},
    // a review of its tenants' access
    {"RecordReview", "oa"},
    // manager: users, passwords, keys, sessions, grants, role membership
    {"CreateUser", "oam"},
    {"EnableUser", "oam"},
    {"DisableUser", "oam"},
    {"TrashUser", "oam"},
    {"RestoreUser", "oam"},
    {"LockUser", "oam"},
    {"UnlockUser", "oam"},
    {"SetApiAccess", "oam"},
    {"RenameUser", "oam"},
    {"SetProfile", "oam"},
    {"SetUserSettings", "oam"},
    {"ResetPassword", "oam"},
    {"RotatePassword", "oam"},
    {"CreateKey", "oam"},
    {"RevokeKey", "oam"},
    {"EndTenantSessions", "oam"},
    {"AddGrant", "oam"},
    {"RemoveGrant", "oam"},
    {"AssignRole", "oam"},
    {"UnassignRole", "oam"},
    // service: a user's own password change and end of session
    {"ChangePassword", "oams"},
    {"EndSessions", "oams"},
    // what the daemon itself records
    {"RecordAttempt", "d"},
    {"RecordRefusals", "*d"},
    {"RecordUse", "d"},
};

const std::map<std::string_view, std::string_view> queries = {
    // An auditor changes nothing, and a password check may count and lock.
    {"Authenticate", "oams"},
    {"RenewSession", "oams"},
    {"Check", "oamus"},
    {"GetStatus", "oamus"},
};

const std::map<std::string_view, std::string_view> requests = {
    {"GetRecords", "oamu"},
    {"GetTenant", "oamu"},
    {"ListTenants", "oamu"},
    {"GetUser", "oamu"},
    {"ListUsers", "oamu"},
    {"ListOperators", "oau"},
    {"Explain", "oamu"},
    {"GetDigest", "*oamu"},
    {"ListCatalogue", "oamu"},
    {"ListRoles", "oamu"},
    {"GetRole", "oamu"},
    {"WhoCan", "oamu"},
    {"ListRanges", "oamu"},
    {"TestAddress", "oamu"},
    {"ListCalls", "oamu"},
    // Q3 about the user in question is a service's too.
    {"ListPermissions", "oamus"},
    // H6: whoever relies on answers may hold the daemon to its history.
    {"GetCheckpoint", "oamus"},
    {"GetConsistency", "oamus"},
    {"GetInclusion", "oamus"},
    {"GetKeys", "*o"},
    // Verifies no credential and counts as no use, so an auditor may; a service asks the reader.
    {"CheckUser", "oamu"},
    {"GetDifference", "oamu"},
    // Like the commands, of which each is looked up too.
    {"PreviewCommands", "oam"},
    {"GetWhatIf", "oamu"},
    {"GetReport", "oamu"},
    // Whoever may change something may ask how it is taken back.
    {"PlanUndo", "oam"},
    {"ListSessions", "oamu"},
    {"ListExpiring", "oamu"},
    {"GetAccess", "oamus"},
};

domain::Operator asker(Role role, bool all_tenants) {
  domain::Operator made;
  made.role = role;
  made.all_tenants = all_tenants;
  return made;
}

const std::map<Role, char> letters = {
    {Role::none, '-'},    {Role::owner, 'o'},   {Role::administrator, 'a'}, {Role::manager, 'm'},
    {Role::auditor, 'u'}, {Role::service, 's'}, {Role::daemon, 'd'},
};

/// Every kind has its row, and the cell of every role and scope is as the row says.
template <class Kind, class NameOf>
void walk(const std::map<std::string_view, std::string_view>& rows, NameOf name_of) {
  std::size_t walked = 0;
  for (auto number = 1; number <= static_cast<int>(Kind::MAX); ++number) {
    const auto kind = static_cast<Kind>(number);
    const std::string name = name_of(kind);
    BOOST_TEST_INFO(name);
    const auto row = rows.find(name);
    BOOST_REQUIRE(row != rows.end());
    const bool of_installation = row->second.starts_with('*');
    BOOST_TEST((service::reach_of(kind) == service::Reach::all) == of_installation);
    for (const auto& [role, letter] : letters) {
      for (const bool all_tenants : {true, false}) {
        const bool expected =
            row->second.find(letter) != std::string_view::npos && (all_tenants || !of_installation);
        BOOST_TEST(!service::refusal(asker(role, all_tenants), kind).has_value() == expected,
                   name << " as " << schema::EnumNameRole(role) << " of "
                        << (all_tenants ? "all" : "some") << " tenants must be "
                        << (expected ? "allowed" : "refused"));
        ++walked;
      }
    }
  }
  BOOST_TEST(walked == rows.size() * letters.size() * 2);
  for (const auto& [role, letter] : letters)
    BOOST_TEST(
        (service::refusal(asker(role, true), Kind::NONE)->code == schema::Code::unknown_kind));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(permissions_tests)

BOOST_AUTO_TEST_CASE(O1_every_cell_of_the_gate_for_commands) {
  walk<schema::CommandBody>(commands, schema::EnumNameCommandBody);
}

BOOST_AUTO_TEST_CASE(O1_every_cell_of_the_gate_for_queries) {
  walk<schema::QueryBody>(queries, schema::EnumNameQueryBody);
}

BOOST_AUTO_TEST_CASE(O1_every_cell_of_the_gate_for_history_requests) {
  walk<schema::HistoryBody>(requests, schema::EnumNameHistoryBody);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern
