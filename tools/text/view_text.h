// A view's answers as people read them, the same from a daemon and from an audit of its journal.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "history_generated.h"
#include "tools/text/layout.h"

namespace postern::text {

using Row = std::vector<std::string>;

/// "seq 12, 2026-07-01T12:00:00Z, by jo (owner): why"; empty for none.
std::string cause_text(const std::unique_ptr<schema::CauseT>& cause);
/// "from 2026-07-01T00:00:00Z, TLS"; empty for none.
std::string conditions_text(const std::unique_ptr<schema::ConditionsT>& conditions);
/// As they are typed; `any` where there are none.
std::string networks_text(const std::unique_ptr<schema::NetworksT>& networks);

void write_grants(std::ostream& out,
                  const std::vector<std::unique_ptr<schema::GrantHeldT>>& grants);
/// Whose grants the user has all too.
void write_roles_of(std::ostream& out, const schema::UserViewT& user);
/// Both.
void write_grants_of(std::ostream& out, const schema::UserViewT& user);
void write_role(std::ostream& out, const schema::RoleViewT& role);
void write_tenant(std::ostream& out, const schema::TenantViewT& tenant);
void write_policies(std::ostream& out, const schema::PoliciesT& policies);

// ---- rows of lists, with their columns

Columns grant_columns();
Row row_of(const schema::GrantHeldT& held);
Columns user_columns();
Row row_of(const schema::UserSummaryT& user);
Columns tenant_columns();
Row row_of(const schema::TenantViewT& tenant);
Columns role_columns();
Row row_of(const schema::RoleViewT& role);

Columns key_columns();
Row row_of(const schema::KeyViewT& key);
Columns session_columns();
Row row_of(const schema::SessionViewT& session);

/// The fields of Policies that are told.
std::vector<std::string> policy_names();

}  // namespace postern::text
