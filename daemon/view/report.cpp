#include "daemon/view/report.h"

#include <map>

#include "daemon/view/access_matrix.h"
#include "daemon/view/findings.h"

namespace postern::view {

namespace {

constexpr std::uint32_t days_max = 3'650;
constexpr std::size_t operators_max = 100;

/// Statuses with how many have each, in the schema's order; and how many are logged.
void count_users(const Inquiry& inquiry, const domain::Tenant& tenant, schema::ReportT& made) {
  std::map<schema::UserStatus, schema::StatusCountT> counts;
  inquiry.view.tables().for_each_user([&](const domain::User& user) {
    if (user.tenant != tenant.id) return;
    schema::StatusCountT& count = counts[user.status];
    count.status = user.status;
    ++count.count;
    if (user.status == schema::UserStatus::deleted) return;
    ++made.user_count;
    if (domain::is_locked(tenant, user, inquiry.now_ns)) ++count.locked;
    if (domain::extras_of(user).api_logging) ++made.logged_count;
  });
  for (const auto& [status, count] : counts)
    made.statuses.push_back(std::make_unique<schema::StatusCountT>(count));
}

std::string name_now(const Inquiry& inquiry, const Uuid& id) {
  const domain::Operator* entry = inquiry.view.tables().find_operator(id);
  if (entry != nullptr) return entry->name;
  return id == domain::daemon_operator ? "daemon" : "";
}

template <class Rows>
Rows first_with_names(const Inquiry& inquiry, Rows rows) {
  if (rows.size() > operators_max) rows.resize(operators_max);
  for (auto& row : rows) row->name = name_now(inquiry, *row->operator_id);
  return rows;
}

std::uint32_t days(std::uint32_t asked, std::uint32_t usual) { return asked == 0 ? usual : asked; }

}  // namespace

Answer<schema::ReportT> report(const Inquiry& inquiry, const schema::GetReport& wanted,
                               const Activity& activity, const ReportBounds& bounds) {
  const auto found = tenant_of(inquiry, wanted.tenant());
  if (!found) return std::unexpected(found.error());
  const domain::Tenant& tenant = **found;
  if (wanted.unused_days() > days_max) return refused(schema::Code::field_malformed, "unused_days");
  if (wanted.soon_days() > days_max) return refused(schema::Code::field_malformed, "soon_days");
  schema::ReportT made;
  made.tenant = tenant.alias;
  made.display_name = tenant.display_name;
  made.enabled = tenant.enabled;
  made.from_seq = activity.from_seq();
  made.from_ns = activity.from_ns();
  made.unused_days = days(wanted.unused_days(), 90);
  made.soon_days = days(wanted.soon_days(), 30);
  count_users(inquiry, tenant, made);
  const std::size_t rows_max = wanted.rows_max() == 0 ? 100 : wanted.rows_max();
  made.findings = findings(inquiry,
                           {tenant, made.unused_days * day_ns, made.soon_days * day_ns,
                            std::min(rows_max, bounds.rows_max), bounds.row_bytes_max},
                           activity);
  AccessMatrix matrix =
      access_matrix(tenant, active_users(inquiry.view, tenant), inquiry.now_ns, bounds.areas_max);
  made.access = std::move(matrix.cells);
  made.access_left_out = matrix.left_out;
  made.weeks = activity.weeks();
  made.operators = first_with_names(inquiry, activity.operators());
  made.refusals = first_with_names(inquiry, activity.refusals());
  return made;
}

}  // namespace postern::view
