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

/// Records read by their links for one report.
constexpr std::size_t unreviewed_max = 200'000;

/// H8: what came between the report that was reviewed and the word that it was.
Answer<Activity> with_unreviewed(const Inquiry& inquiry, const Activity& activity) {
  Activity whole = activity;
  if (!activity.is_since_review()) return whole;
  const RecordedReview& last = *activity.last_review();
  std::size_t reads = 0;
  for (domain::Seq seq = last.previous_seq; seq > last.report_seq && seq >= activity.first_seq();) {
    if (++reads > unreviewed_max)
      return refused(schema::Code::too_large, "from_seq",
                     "Too much was recorded between the report that record " +
                         std::to_string(last.seq) + " reviewed and that review; name a record.");
    const auto record = inquiry.sources.record ? inquiry.sources.record(seq) : nullptr;
    if (record == nullptr)
      return refused(schema::Code::journal_unavailable, "",
                     "Record " + std::to_string(seq) + " cannot be read.");
    whole.add_unreviewed(*record);
    seq = record->previous_tenant_seq();
  }
  return whole;
}

std::unique_ptr<schema::ReviewViewT> review_of(const Inquiry& inquiry, const Activity& activity) {
  if (!activity.last_review()) return nullptr;
  const RecordedReview& last = *activity.last_review();
  auto made = std::make_unique<schema::ReviewViewT>();
  made->recorded = cause_of(inquiry, last.seq);
  made->report_seq = last.report_seq;
  made->report_sha256 = last.report_sha256;
  made->sentence = last.sentence;
  return made;
}

std::uint32_t days(std::uint32_t asked, std::uint32_t usual) { return asked == 0 ? usual : asked; }

}  // namespace

Answer<schema::ReportT> report(const Inquiry& inquiry, const schema::GetReport& wanted,
                               const Activity& added, const ReportBounds& bounds) {
  const auto found = tenant_of(inquiry, wanted.tenant());
  if (!found) return std::unexpected(found.error());
  const domain::Tenant& tenant = **found;
  if (wanted.unused_days() > days_max) return refused(schema::Code::field_malformed, "unused_days");
  if (wanted.soon_days() > days_max) return refused(schema::Code::field_malformed, "soon_days");
  const auto whole = with_unreviewed(inquiry, added);
  if (!whole) return std::unexpected(whole.error());
  const Activity& activity = *whole;
  schema::ReportT made;
  made.tenant = tenant.alias;
  made.display_name = tenant.display_name;
  made.enabled = tenant.enabled;
  made.from_seq = activity.from_seq();
  made.from_ns = activity.from_ns();
  made.shared_from_seq = activity.first_seq();
  made.last_review = review_of(inquiry, activity);
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
