// The access review (H8, D3) of the running daemon.
#include <sodium.h>

#include <array>
#include <memory>

#include "tools/cli/new_file.h"
#include "tools/cli/session.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/report_text.h"

namespace postern::cli {
namespace report_commands {
namespace {

struct Asked {
  std::uint64_t from_seq = 0;
  std::uint32_t unused_days = 0;
  std::uint32_t soon_days = 0;
  std::uint32_t rows = 0;
  /// Empty: no page is made; "-": to standard output.
  std::string html;
};

std::string sha256_of(const std::string& text) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  return text::hex_text(std::as_bytes(std::span(hash)));
}

text::ReportMade report_of(Session& session, const std::string& tenant, const Asked& asked) {
  schema::GetReportT wanted;
  wanted.tenant = tenant;
  wanted.from_seq = asked.from_seq;
  wanted.unused_days = asked.unused_days;
  wanted.soon_days = asked.soon_days;
  wanted.rows_max = asked.rows;
  auto page = session.page(request(std::move(wanted)));
  // The daemon may have gone on while it was made.
  const bool has_moment = page.at_seq != 0;
  text::ReportMade made{std::move(Session::part(page.body.AsReport())),
                        has_moment ? page.at_seq : page.seq,
                        has_moment ? page.at_time_ns : page.time_ns};
  made.sha256 = sha256_of(text::json_text(text::report_json(made)) + '\n');
  return made;
}

/// Of the tenant that is named, else of every one that the operator sees.
std::vector<std::string> tenants_asked(Session& session) {
  if (session.has_tenant()) return {session.tenant()};
  std::vector<std::string> aliases;
  schema::ListTenantsT list;
  list.count_max = page_count;
  for (bool more = true; more;) {
    const auto page = session.page(request(schema::ListTenantsT(list)));
    const auto& part = Session::part(page.body.AsTenantPage());
    for (const auto& tenant : part.tenants) aliases.push_back(tenant->alias);
    more = part.more && !part.tenants.empty();
    if (more) list.after = aliases.back();
  }
  if (aliases.empty())
    throw Stop{exit_codes::missing, "There is no tenant to report on.",
               "Make one with 'tenant create'."};
  return aliases;
}

int run_report(Session& session, const Asked& asked) {
  std::vector<text::ReportMade> reports;
  for (const std::string& tenant : tenants_asked(session))
    reports.push_back(report_of(session, tenant, asked));
  if (asked.html == "-") {
    session.out() << text::report_page(reports);
    return exit_codes::yes;
  }
  if (!asked.html.empty()) {
    NewFile file(asked.html);
    file.write(text::report_page(reports));
    file.keep();
  }
  for (const text::ReportMade& made : reports) {
    if (session.format() != text::Format::table) {
      session.print(text::report_json(made));
      continue;
    }
    text::write_report(session.out(), made);
    if (&made != &reports.back()) session.out() << '\n';
  }
  return exit_codes::yes;
}

Handler report(Options& options) {
  auto asked = std::make_shared<Asked>();
  options.add_number("--from,--from-seq", asked->from_seq,
                     "The first record of what changed; the one after the last reviewed report "
                     "if left out");
  options.add_number("--unused-days", asked->unused_days,
                     "Without use for more days is long unused; 90 if left out", {1, 3'650});
  options.add_number("--soon-days", asked->soon_days,
                     "Expires soon: within so many days; 30 if left out", {1, 3'650});
  options.add_number("--rows", asked->rows, "Rows of each finding, at most; 100 if left out",
                     {1, 1'000});
  options.add("--html", &asked->html, "Where the page goes, a new file; - is standard output")
      .type_name("FILE");
  return [asked](Session& session) { return run_report(session, *asked); };
}

constexpr Verb verbs[] = {
    {"report", Kind::reads,
     "Reviews access: what is unused, shared, wide, about to expire, and what changed.",
     "--tenant acme report --html review.html", report},
};

}  // namespace
}  // namespace report_commands

const Noun report_verbs = {"", "", report_commands::verbs};

}  // namespace postern::cli
