// page    := style head tenant*
// tenant  := tiles findings matrix changes hands refusals grounds signature
// Every id on it begins with the tenant's alias, so that each count leads to its rows.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "tools/text/report_parts.h"
#include "tools/text/report_text.h"
#include "tools/text/schema_names.h"
#include "tools/text/times.h"

namespace postern::text {

namespace {

using schema::FindingKind;
using schema::FindingRowT;

std::string time_or(std::int64_t time_ns, const char* otherwise) {
  return time_ns == 0 ? std::string(otherwise) : time_text_short(time_ns);
}

std::string id_of(const schema::ReportT& report, FindingKind kind) {
  return report.tenant + "-" + schema::EnumNameFindingKind(kind);
}

/// A part of the page that scrolls by itself where it is wider than the screen. No two parts may
/// have the same label.
std::string wide(const schema::ReportT& report, std::string_view label, const std::string& table) {
  return fmt::format(R"h(<div class="wide" role="region" aria-label="{}" tabindex="0">{}</div>)h",
                     html_text(report.tenant + ": " + std::string(label)), table);
}

/// Heads of columns of numbers begin with `#`. Cells are HTML.
class HtmlTable {
 public:
  explicit HtmlTable(const std::vector<std::string_view>& heads) {
    html_ = "<table><thead><tr>";
    for (const std::string_view head : heads)
      html_ += head.starts_with('#')
                   ? fmt::format(R"h(<th scope="col" class="n">{}</th>)h", head.substr(1))
                   : fmt::format(R"h(<th scope="col">{}</th>)h", head);
    html_ += "</tr></thead><tbody>";
  }
  void begin_row(std::string_view name) {
    html_ += fmt::format(R"h(<tr><th scope="row">{}</th>)h", name);
  }
  void cell(std::string_view html, std::string_view of = "") {
    html_ += of.empty() ? fmt::format("<td>{}</td>", html)
                        : fmt::format(R"h(<td class="{}">{}</td>)h", of, html);
  }
  void number(std::uint64_t count) { cell(std::to_string(count), count == 0 ? "n zero" : "n"); }
  void end_row() { html_ += "</tr>"; }
  std::string finish() { return html_ + "</tbody></table>"; }

 private:
  std::string html_;
};

// ---- findings

std::string joined_html(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + html_text(name);
  return all;
}

/// What the row says beyond its name and dates.
std::string details_of(FindingKind kind, const FindingRowT& row) {
  std::string told;
  const auto add = [&](std::string part) {
    if (!part.empty()) told += (told.empty() ? "" : "; ") + std::move(part);
  };
  if (!row.key_name.empty()) add("key " + html_text(row.key_name));
  if (row.grant != nullptr) add(html_text(grant_text(*row.grant)));
  if (kind == FindingKind::users_shared) {
    if (row.days_of_several_clients > 0)
      add(fmt::format("systems {} on {} of {} days", joined_html(row.clients),
                      row.days_of_several_clients, row.days_of_use));
    if (row.days_of_several_networks > 0)
      add(fmt::format("networks {} on {} of {} days", joined_html(row.networks),
                      row.days_of_several_networks, row.days_of_use));
  }
  if (kind == FindingKind::roles_never_used || kind == FindingKind::roles_long_unused)
    add(fmt::format("{} users hold it themselves", row.holder_count));
  std::string locks;
  for (const schema::LockCause cause : row.locks)
    locks += (locks.empty() ? "locked by " : ", ") + lock_text(cause);
  add(locks);
  return told;
}

bool is_about_users(FindingKind kind) {
  return kind <= FindingKind::grants_long_unused || kind == FindingKind::grants_expiring ||
         kind == FindingKind::grants_expired;
}

/// Columns in which no row has anything are left out.
std::string rows_of(const schema::FindingT& finding) {
  const bool expires =
      std::ranges::any_of(finding.rows, [](const auto& row) { return row->expires_ns != 0; });
  const bool told = std::ranges::any_of(
      finding.rows, [&](const auto& row) { return !details_of(finding.kind, *row).empty(); });
  std::vector<std::string_view> heads = {is_about_users(finding.kind) ? "User" : "Role"};
  if (told) heads.push_back("What");
  heads.push_back(finding.kind == FindingKind::users_shared ? "Last seen" : "Since");
  heads.push_back("Last used");
  if (expires) heads.push_back("Expires");
  heads.push_back("#Record");
  HtmlTable table(heads);
  for (const auto& row : finding.rows) {
    table.begin_row(html_text(row->username.empty() ? "role " + row->role : row->username));
    if (told) table.cell(details_of(finding.kind, *row), "d");
    table.cell(time_or(row->time_ns, "unknown"), "t");
    table.cell(time_or(row->last_used_ns, "never"), "t");
    if (expires) table.cell(time_or(row->expires_ns, "no"), "t");
    table.cell(std::to_string(row->seq), "n");
    table.end_row();
  }
  return table.finish();
}

std::string finding_section(const schema::ReportT& report, const schema::FindingT& finding) {
  std::string html =
      fmt::format(R"h(<section id="{}"><h3>{}: {}</h3><p class="soft">{}</p>)h",
                  html_text(id_of(report, finding.kind)), finding_title(finding.kind),
                  finding.count, finding_sentence(finding.kind));
  html += wide(report, finding_title(finding.kind), rows_of(finding));
  if (finding.count > finding.rows.size())
    html += fmt::format(
        R"h(<p class="soft">The first {} of {}; ask with --rows for more of them.</p>)h",
        finding.rows.size(), finding.count);
  return html + "</section>";
}

std::string tiles(const schema::ReportT& report) {
  std::string html = R"h(<ul class="tiles">)h";
  for (const auto& finding : report.findings) {
    const std::string_view title = finding_title(finding->kind);
    html += finding->count == 0
                ? fmt::format(R"h(<li><b class="zero">0</b>{}</li>)h", title)
                : fmt::format(R"h(<li><a href="#{}"><b>{}</b>{}</a></li>)h",
                              html_text(id_of(report, finding->kind)), finding->count, title);
  }
  return html + "</ul>";
}

std::string findings_part(const schema::ReportT& report) {
  std::string html = "<h2>What to look at</h2>" + tiles(report);
  for (const auto& finding : report.findings)
    if (finding->count > 0) html += finding_section(report, *finding);
  return html;
}

// ---- access

struct ByAction {
  std::map<std::string, const schema::AccessCellT*> cells;
};

std::string cell_of(const schema::AccessCellT* cell, std::uint64_t users) {
  if (cell == nullptr || cell->whole + cell->part == 0) return R"h(<td class="n zero">0</td>)h";
  const double share = static_cast<double>(cell->whole + cell->part) /
                       static_cast<double>(std::max<std::uint64_t>(users, 1));
  const std::string part = cell->part == 0 ? "" : fmt::format(" + {} in part", cell->part);
  return fmt::format(R"h(<td class="n" style="background:rgba(var(--hot),{:.2f})">{}{}</td>)h",
                     0.06 + 0.3 * std::min(share, 1.0), cell->whole, part);
}

/// One table for each kind, because each has actions of its own.
std::string matrix_of(const schema::ReportT& report, const std::string& kind,
                      const std::map<std::string, ByAction>& areas, std::uint64_t users) {
  std::set<std::string> actions;
  for (const auto& [area, row] : areas)
    for (const auto& [action, cell] : row.cells) actions.insert(action);
  std::string html = R"h(<table><thead><tr><th scope="col">Area</th>)h";
  for (const std::string& action : actions)
    html += fmt::format(R"h(<th scope="col" class="n">{}</th>)h", html_text(action));
  html += "</tr></thead><tbody>";
  for (const auto& [area, row] : areas) {
    html += fmt::format(R"h(<tr><th scope="row">{}</th>)h",
                        area == kind ? "all of " + html_text(kind) : html_text(area));
    for (const std::string& action : actions) {
      const auto found = row.cells.find(action);
      html += cell_of(found == row.cells.end() ? nullptr : found->second, users);
    }
    html += "</tr>";
  }
  return wide(report, "Access to " + kind, html + "</tbody></table>");
}

std::string access_part(const schema::ReportT& report) {
  std::map<std::string, std::map<std::string, ByAction>> kinds;
  for (const auto& cell : report.access)
    kinds[cell->area.substr(0, cell->area.find('/'))][cell->area].cells[cell->action] = cell.get();
  std::uint64_t active = 0;
  for (const auto& count : report.statuses)
    if (count->status == schema::UserStatus::active) active = count->count;
  std::string html = fmt::format(
      "<h2>Who may do what</h2><p class=\"soft\">How many of the {} active users may do it on all "
      "of the area, and in part: on something below it, or with a deny below it. Who they are: "
      "<span class=\"mono\">postern --tenant {} who-can ACTION AREA</span>.</p>",
      active, html_text(report.tenant));
  for (const auto& [kind, areas] : kinds)
    html += fmt::format("<h3>{}</h3>", html_text(kind)) + matrix_of(report, kind, areas, active);
  if (report.access_left_out > 0)
    html += fmt::format(
        R"h(<p class="soft">{} further counts, of areas that fewer reach, are left out.</p>)h",
        report.access_left_out);
  return html;
}

// ---- changes

std::string weeks_table(const schema::ReportT& report) {
  HtmlTable table({"Week of", "#Users", "#Credentials", "#Grants", "#Roles", "#Policies, catalogue",
                   "#Wrong passwords", "#Calls allowed", "#Calls denied"});
  for (const auto& week : report.weeks) {
    table.begin_row(time_text_short(week->begins_ns).substr(0, 10));
    for (const std::uint64_t count :
         {week->users, week->credentials, week->grants, week->roles, week->tenant,
          week->passwords_failed, week->calls_allowed, week->calls_denied})
      table.number(count);
    table.end_row();
  }
  return wide(report, "Week by week", table.finish());
}

std::string hands_table(const schema::ReportT& report) {
  HtmlTable table({"Operator", "Role", "#Records", "#Events", "#Newest record"});
  for (const auto& by : report.operators) {
    table.begin_row(by->name.empty() ? "removed since" : html_text(by->name));
    table.cell(role_text(by->role));
    table.number(by->records);
    table.number(by->events);
    table.number(by->newest_seq);
    table.end_row();
  }
  return wide(report, "Who changed most", table.finish());
}

std::string refusals_part(const schema::ReportT& report) {
  std::uint64_t denied = 0;
  std::uint64_t allowed = 0;
  std::uint64_t wrong = 0;
  for (const auto& week : report.weeks) {
    denied += week->calls_denied;
    allowed += week->calls_allowed;
    wrong += week->passwords_failed;
  }
  std::string html = fmt::format(
      "<h2>What was refused</h2><p>{} of {} decisions were denied, and {} passwords were "
      "wrong.</p>",
      denied, denied + allowed, wrong);
  html += denied_chart(report);
  if (report.refusals.empty()) return html;
  HtmlTable table({"By", "Refused as", "#Times", "#Newest record"});
  for (const auto& refusal : report.refusals) {
    table.begin_row(refusal->name.empty() ? "removed since" : html_text(refusal->name));
    table.cell(code_name(refusal->code));
    table.number(refusal->count);
    table.number(refusal->newest_seq);
    table.end_row();
  }
  return html + wide(report, "Commands refused", table.finish());
}

std::string changes_part(const schema::ReportT& report) {
  return "<h2>What changed</h2>" + changes_chart(report) + "<h3>Who changed most</h3>" +
         hands_table(report) + refusals_part(report) + "<h3>Week by week</h3>" +
         weeks_table(report);
}

// ---- the whole

std::string grounds(const ReportMade& made) {
  const schema::ReportT& report = made.report;
  return fmt::format(
      "<h2>What this rests on</h2>"
      "<p>Every number comes from the journal up to record {}, and every row names the record "
      "behind it: <span class=\"mono\">postern-replay show --from-seq RECORD --count 1</span>. "
      "<span class=\"mono\">postern-replay verify</span> proves that none is missing.</p>"
      "<p>Use is told by the daily summaries of all calls, so the last day may be missing. Calls "
      "are recorded one by one for {} of {} users; nothing here rests on those. Long unused is "
      "more than {} days, soon is within {} days. Changes are told from record {} on, shared users "
      "looked for from record {} on.</p>"
      "<p>SHA-256 of this report as JSON: <span class=\"mono\">{}</span></p>",
      made.seq, report.logged_count, report.user_count, report.unused_days, report.soon_days,
      report.from_seq, report.shared_from_seq, html_text(made.sha256));
}

std::string last_review(const schema::ReportT& report) {
  if (report.last_review == nullptr) return R"h(<p class="soft">Never reviewed before.</p>)h";
  return fmt::format(R"h(<p class="soft">Last review {}</p>)h",
                     html_text(review_text(*report.last_review)));
}

std::string tenant_part(const ReportMade& made) {
  const schema::ReportT& report = made.report;
  std::string html = fmt::format(
      R"h(<article id="{}"><p class="eyebrow">Access review</p><h1>{}</h1>)h"
      R"h(<p class="soft">Tenant <b>{}</b>{}, as of record {}, {}{}</p>)h",
      html_text(report.tenant), html_text(report.display_name), html_text(report.tenant),
      report.enabled ? "" : ", disabled", made.seq, time_text_short(made.time_ns),
      report.from_seq == 0 ? ""
                           : fmt::format("; changes since {}", time_text_short(report.from_ns)));
  html += last_review(report);
  html += fmt::format("<h2>{} users</h2>", report.user_count) + status_bar(report);
  html += findings_part(report) + access_part(report) + changes_part(report) + grounds(made);
  return html +
         R"h(<div class="sign"><div>Reviewed by</div><div>Date</div><div>Signature</div></div>)h"
         "</article>";
}

std::string contents(const std::vector<ReportMade>& reports) {
  if (reports.size() < 2) return "";
  std::string html = R"h(<header><nav aria-label="Tenants"><ul class="legend">)h";
  for (const ReportMade& made : reports)
    html += fmt::format(R"h(<li><a href="#{}">{}</a></li>)h", html_text(made.report.tenant),
                        html_text(made.report.display_name));
  return html + "</ul></nav></header>";
}

}  // namespace

std::string report_page(const std::vector<ReportMade>& reports) {
  std::string html =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">";
  html +=
      fmt::format("<title>Access review{}</title><style>{}</style></head><body>",
                  reports.size() == 1 ? ": " + html_text(reports.front().report.display_name) : "",
                  report_style());
  html += contents(reports) + "<main>";
  for (const ReportMade& made : reports) html += tenant_part(made);
  return html + "</main></body></html>\n";
}

}  // namespace postern::text
