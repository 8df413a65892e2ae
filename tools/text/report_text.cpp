#include "tools/text/report_text.h"

#include <fmt/format.h>

#include "tools/text/json.h"
#include "tools/text/output.h"
#include "tools/text/schema_names.h"
#include "tools/text/shown.h"
#include "tools/text/times.h"
#include "tools/text/view_text.h"

namespace postern::text {

namespace {

using schema::FindingKind;

struct Words {
  FindingKind kind;
  std::string_view title;
  std::string_view sentence;
};

constexpr Words words[] = {
    {FindingKind::users_shared, "Shared users",
     "Their calls came from several systems or networks within a day, again and again. One user is "
     "for one system: give each its own."},
    {FindingKind::users_never_used, "Users never used",
     "They are active, and no call of theirs was ever recorded. Disable what nobody waits for."},
    {FindingKind::users_long_unused, "Users long unused",
     "They are active, and have been silent for longer than the time set. Disable them; what was "
     "forgotten will say so."},
    {FindingKind::users_without_networks, "Users without network limits",
     "A stolen credential of theirs works from anywhere. Name the networks they call from."},
    {FindingKind::users_locked, "Locked users",
     "They are denied everything until somebody acts. Unlock, reset, or let go."},
    {FindingKind::keys_never_used, "Keys never used",
     "An API key that nobody has used may lie where nobody looks. Revoke it."},
    {FindingKind::keys_long_unused, "Keys long unused",
     "Old keys are left behind by rotations. Revoke those that have a successor."},
    {FindingKind::keys_expiring, "Keys that expire soon",
     "Their callers stop on that day. Make new ones in time."},
    {FindingKind::keys_expired, "Expired keys", "They open nothing any more. Revoke them."},
    {FindingKind::grants_never_used, "Grants never used",
     "Rights of a user's own that never decided a call. Take back what is not needed."},
    {FindingKind::grants_long_unused, "Grants long unused",
     "They have decided nothing for longer than the time set."},
    {FindingKind::grants_expiring, "Grants that expire soon",
     "What rests on them is denied from then on."},
    {FindingKind::grants_expired, "Expired grants",
     "They have no effect, and are in the way of whoever reads the list."},
    {FindingKind::roles_never_used, "Roles never used",
     "None of their grants ever decided a call of anybody who holds them."},
    {FindingKind::roles_long_unused, "Roles long unused",
     "None of their grants has decided a call for longer than the time set."},
    {FindingKind::roles_without_holders, "Roles without holders",
     "Nobody holds them, neither directly nor by another role."},
    {FindingKind::role_grants_never_used, "Grants of roles never used",
     "The role is wider than its work: these of its grants decided no call of any holder."},
};

const Words* words_for(FindingKind kind) {
  for (const Words& one : words)
    if (one.kind == kind) return &one;
  return nullptr;
}

}  // namespace

std::string_view finding_title(FindingKind kind) {
  const Words* found = words_for(kind);
  return found == nullptr ? "Other" : found->title;
}

std::string_view finding_sentence(FindingKind kind) {
  const Words* found = words_for(kind);
  return found == nullptr ? "" : found->sentence;
}

boost::json::object report_json(const ReportMade& made) {
  boost::json::object object{{"seq", made.seq}, {"time", time_text(made.time_ns)}};
  for (auto& [name, value] : to_json(made.report)) object[name] = value;
  return object;
}

std::string review_text(const schema::ReviewViewT& review) {
  return fmt::format("of the report at record {}: {}, {}", review.report_seq,
                     cause_text(review.recorded), printable(review.sentence));
}

void write_report(std::ostream& out, const ReportMade& made) {
  const schema::ReportT& report = made.report;
  Fields fields;
  fields.add("tenant", report.tenant + (report.enabled ? "" : ", disabled"));
  fields.add("as of", fmt::format("record {}, {}", made.seq, time_text_short(made.time_ns)));
  if (report.from_seq != 0)
    fields.add("changes from",
               fmt::format("record {}, {}", report.from_seq, time_text_short(report.from_ns)));
  if (report.last_review != nullptr) fields.add("last review", review_text(*report.last_review));
  fields.add("users", std::to_string(report.user_count));
  for (const auto& count : report.statuses)
    fields.add("  " + status_text(count->status),
               count->locked == 0
                   ? std::to_string(count->count)
                   : fmt::format("{}, {} of them locked", count->count, count->locked));
  fields.add("sha256", made.sha256);
  fields.write(out);
  out << '\n';
  static constexpr Column columns[] = {{"FINDING"}, {"COUNT"}, {"WHY", 1, 24}};
  Table table(columns);
  table.wrap_last();
  for (const auto& finding : report.findings)
    if (finding->count != 0)
      table.add({std::string(finding_title(finding->kind)), std::to_string(finding->count),
                 std::string(finding_sentence(finding->kind))});
  table.write(out);
}

}  // namespace postern::text
