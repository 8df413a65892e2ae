#include "replay/report.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "daemon/journal/sha256.h"
#include "daemon/view/report.h"
#include "replay/past.h"
#include "tools/text/ids.h"
#include "tools/text/json.h"
#include "tools/text/report_text.h"

namespace postern::replay {

namespace {

/// On a page of our own nothing has to fit a message.
constexpr view::ReportBounds bounds{100'000, std::size_t{64} << 20U, 10'000};

using Activities = view::Activity::ById<view::Activity>;

std::string sha256_of(std::string_view text) {
  journal::Sha256 sha256;
  sha256.add(std::as_bytes(std::span(text)));
  return text::hex_text(sha256.finish());
}

Expected<std::vector<const domain::Tenant*>> tenants_of(const Past& past,
                                                        const std::string& alias) {
  std::vector<const domain::Tenant*> tenants;
  past.view().tables().for_each_tenant([&](const domain::Tenant& tenant) {
    if (alias.empty() || tenant.alias == alias) tenants.push_back(&tenant);
  });
  if (tenants.empty())
    return std::unexpected(
        Failure{FailureKind::missing,
                alias.empty() ? "no tenant had been created by then"
                              : "no tenant had the alias " + printable(alias) + " by then",
                "Look for it with 'show --kind TenantCreated', or name a later moment."});
  std::ranges::sort(tenants, {}, &domain::Tenant::alias);
  return tenants;
}

/// A question as a client would send it.
class Question {
 public:
  Question(const std::string& tenant, const ReportOptions& options) {
    schema::GetReportT wanted;
    wanted.tenant = tenant;
    wanted.from_seq = options.from_seq;
    wanted.unused_days = static_cast<std::uint32_t>(options.unused_days);
    wanted.soon_days = static_cast<std::uint32_t>(options.soon_days);
    wanted.rows_max = static_cast<std::uint32_t>(options.rows);
    builder_.Finish(schema::GetReport::Pack(builder_, &wanted));
  }
  const schema::GetReport& operator*() const {
    return *flatbuffers::GetRoot<schema::GetReport>(builder_.GetBufferPointer());
  }

 private:
  flatbuffers::FlatBufferBuilder builder_;
};

Expected<text::ReportMade> made_for(const Past& past, const domain::Tenant& tenant,
                                    const ReportOptions& options, const Activities& activities) {
  const auto activity = activities.find(tenant.id);
  const Question question(tenant.alias, options);
  auto report = view::report(
      past.inquiry(), *question,
      activity == activities.end() ? view::Activity(tenant.id) : activity->second, bounds);
  if (!report)
    return std::unexpected(Failure{FailureKind::usage, report.error().sentence,
                                   report.error().code == schema::Code::field_malformed
                                       ? "Give numbers of days up to 3650."
                                       : report.error().remedy});
  text::ReportMade made{std::move(*report), past.seq(), past.time_ns()};
  made.sha256 = sha256_of(text::json_text(text::report_json(made)) + '\n');
  return made;
}

Expected<> write_page(const Audit& audit, const std::string& file,
                      const std::vector<text::ReportMade>& reports) {
  const std::string page = text::report_page(reports);
  if (file == "-") {
    audit.streams.out << page;
    return {};
  }
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << page;
  out.close();
  if (!out)
    return std::unexpected(Failure{FailureKind::cannot_create,
                                   "cannot write " + printable(file) + ": " + std::strerror(errno),
                                   "Name a file that may be written, or - for standard output."});
  return {};
}

void write_reports(const Audit& audit, const std::vector<text::ReportMade>& reports) {
  for (const text::ReportMade& made : reports) {
    if (audit.format != text::Format::table) {
      audit.streams.out << text::json_text(text::report_json(made)) << '\n';
      continue;
    }
    text::write_report(audit.streams.out, made);
    if (&made != &reports.back()) audit.streams.out << '\n';
  }
}

}  // namespace

Expected<int> report(const Audit& audit, const ReportOptions& options) {
  const auto moment = parse_moment(options.at);
  if (!moment) return std::unexpected(moment.error());
  Activities activities;
  const auto note = [&](const Step& step) {
    const schema::Uuid* tenant = step.record.tenant();
    if (tenant == nullptr) return;
    activities.try_emplace(*tenant, *tenant, options.from_seq).first->second.add(step.record);
  };
  const auto past = Past::read(audit, *moment, {note});
  if (!past) return std::unexpected(past.error());
  if (options.from_seq > (*past)->seq())
    return std::unexpected(Failure{FailureKind::missing,
                                   "the first record of what changed lies "
                                   "behind the moment of the report",
                                   "Name an earlier --from, or a later --at."});
  const auto tenants = tenants_of(**past, options.tenant);
  if (!tenants) return std::unexpected(tenants.error());
  std::vector<text::ReportMade> reports;
  for (const domain::Tenant* tenant : *tenants) {
    auto made = made_for(**past, *tenant, options, activities);
    if (!made) return std::unexpected(made.error());
    reports.push_back(std::move(*made));
  }
  if (!options.html.empty())
    if (const auto written = write_page(audit, options.html, reports); !written)
      return std::unexpected(written.error());
  if (options.html != "-") write_reports(audit, reports);
  return 0;
}

}  // namespace postern::replay
