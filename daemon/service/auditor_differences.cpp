// What differs between two moments, and what commands would change of the calls of late.
#include <algorithm>

#include "daemon/calls/call_reader.h"
#include "daemon/calls/call_seals.h"
#include "daemon/domain/day.h"
#include "daemon/service/auditor.h"
#include "daemon/service/permissions.h"
#include "daemon/view/difference.h"
#include "daemon/view/page.h"
#include "daemon/view/recorded.h"
#include "daemon/view/supposition.h"

namespace postern::service {

namespace {

using schema::Code;
using schema::view_of;

/// Records between two moments that are read for one answer: some seconds.
constexpr domain::Seq trail_records_max = 1'000'000;
/// Answers that are compared for one.
constexpr std::size_t difference_work_max = 20'000'000;
constexpr std::size_t difference_lines_max = 200'000;
/// Recorded calls that are looked at for one answer, the newest.
constexpr std::uint64_t calls_max = 2'000'000;
constexpr std::uint32_t preview_days_max = 400;

/// O1: whoever may not send them is not told what they would do.
std::optional<schema::ProblemT> gate(const domain::Operator& asker,
                                     const schema::CommandMessage& message) {
  if (message.commands() == nullptr) return std::nullopt;
  for (flatbuffers::uoffset_t index = 0; index < message.commands()->size(); ++index)
    if (auto refused = refusal(asker, message.commands()->Get(index)->body_type())) {
      refused->index = index;
      return refused;
    }
  return std::nullopt;
}

}  // namespace

view::Answer<std::optional<Auditor::Reply>> Auditor::answer_difference(const Request& asked) {
  const auto& wanted = *asked.request.body_as_GetDifference();
  const domain::Tenant* tenant = view_.find_tenant(asked.asker, view_of(wanted.tenant()));
  if (tenant == nullptr) return view::refused(Code::tenant_unknown, "tenant");
  if (wanted.from_seq() == 0 && wanted.from_time_ns() == 0)
    return view::refused(Code::field_missing, "from_seq", "Name a record, or a time.");
  const auto from = named_moment({wanted.from_seq(), wanted.from_time_ns()}, parts_.clock.now_ns());
  if (!from) return std::unexpected(from.error());
  if (from->seq > asked.moment.seq || from->time_ns > asked.moment.time_ns)
    return view::refused(Code::field_malformed, "from_seq",
                         "It is later than the moment that it is compared with.");
  // The later one first: one that is being made goes on from what was made of an earlier one.
  const view::View* later = &view_;
  if (asked.moment.seq != head_.seq) {
    const WholePast* past = find_past({{tenant->id}, asked.moment.seq});
    if (past == nullptr) return std::nullopt;
    later = &past->view();
  }
  const WholePast* earlier = find_past({{tenant->id}, from->seq});
  if (earlier == nullptr) return std::nullopt;
  const auto trail = trail_between(from->seq, asked.moment.seq);
  if (!trail) return std::unexpected(trail.error());
  const view::Sources beside = sources();
  view::DifferenceScope scope{view_of(wanted.tenant()), view_of(wanted.username())};
  scope.unfold = wanted.unfold();
  scope.work_max = difference_work_max;
  scope.lines_max = difference_lines_max;
  auto lines = view::differences({earlier->view(), from->seq, from->time_ns, *trail},
                                 {*later, asked.asker, asked.moment.time_ns, beside}, scope);
  if (!lines) return std::unexpected(std::move(lines.error()));
  schema::DifferencePageT page = view::page_of(std::move(*lines), wanted);
  page.from_seq = from->seq;
  page.from_time_ns = from->time_ns;
  Reply answered;
  answered.body.Set(std::move(page));
  return answered;
}

view::Answer<view::Trail> Auditor::trail_between(domain::Seq from_seq, domain::Seq to_seq) {
  if (to_seq - from_seq > trail_records_max)
    return view::refused(Code::too_large, "from_seq",
                         "More than a million records lie between: name moments nearer to each "
                         "other, or ask postern-replay.");
  view::Trail trail;
  const auto cursor = parts_.journal.read_from(from_seq + 1);
  for (domain::Seq seq = from_seq + 1; seq <= to_seq; ++seq) {
    const auto stored = cursor->next();
    const auto record = stored ? gate_.open(*stored)
                               : std::unexpected(domain::Unfit{false, stored.error().sentence});
    if (!record)
      return view::refused(Code::journal_unavailable, "", printable(record.error().sentence));
    trail.add(**record);
  }
  return trail;
}

view::Answer<std::optional<Auditor::Reply>> Auditor::answer_preview(const Request& asked) {
  const auto& wanted = *asked.request.body_as_PreviewCommands();
  const schema::CommandMessage* message = wanted.message();
  if (message == nullptr) return view::refused(Code::field_missing, "message");
  if (auto refused = gate(asked.asker, *message)) return std::unexpected(std::move(*refused));
  const domain::Tenant* tenant = view_.find_tenant(asked.asker, view_of(message->tenant()));
  if (tenant == nullptr) return view::refused(Code::tenant_unknown, "tenant");
  if (wanted.days() == 0 || wanted.days() > preview_days_max)
    return view::refused(Code::field_malformed, "days", "It must be from 1 to 400.");
  if (parts_.calls == nullptr)
    return view::refused(Code::unknown_kind, "body", "No calls are recorded here.");
  const std::int64_t now_ns = asked.moment.time_ns;
  domain::State state = view::state_of(view_, *tenant, head_.seq, now_ns);
  const auto supposed = view::suppose(state, {*message, asked.asker, now_ns, {head_.seq + 1}});
  if (!supposed) return std::unexpected(supposed.error().front());
  auto page = ask_calls_again(*tenant, state, now_ns - wanted.days() * domain::day_ns, now_ns,
                              view::page_size(wanted.count_max()));
  if (!page) return std::unexpected(std::move(page.error()));
  Reply answered;
  answered.body.Set(std::move(*page));
  return answered;
}

view::Answer<schema::FlipPageT> Auditor::ask_calls_again(const domain::Tenant& tenant,
                                                         const domain::State& other,
                                                         std::int64_t from_ns, std::int64_t now_ns,
                                                         std::size_t count_max) {
  const auto& present = view_.tables();
  calls::CallReader reader(*parts_.calls);
  calls::CallSeals seals(parts_.keys, [&](const Uuid& user) { return present.find_user(user); });
  view::Flips flips(view::JudgedAt::now, now_ns);
  view::Coverage coverage;
  const std::uint64_t end = parts_.calls->next();
  const auto read = reader.read(
      end - std::min(end, calls_max),
      [&](std::uint64_t position, std::span<const std::byte> bytes) {
        if (position >= end) return false;
        auto entry = calls::open_entry(bytes);
        if (!entry || entry->tenant != tenant.id || entry->call.user == nullptr) return true;
        if (entry->call.time_ns < from_ns) {
          coverage.add(entry->call);
          return true;
        }
        seals.open(*entry);
        const Uuid& user = *entry->call.user;
        const auto& others = other.tables();
        const bool was_asked =
            flips.add(entry->call, {&tenant, present.find_user(user), &present.providers()},
                      {others.find_tenant(tenant.id), others.find_user(user), &others.providers()});
        if (was_asked) coverage.add(entry->call);
        return true;
      });
  if (!read) return view::refused(Code::journal_unavailable, "", printable(read.error().sentence));
  schema::FlipPageT page;
  page.from_ns = from_ns;
  flips.fill(page, count_max);
  for (auto& flip : page.flips)
    if (const domain::User* user = present.find_user(*flip->user)) flip->username = user->username;
  present.for_each_user([&](const domain::User& user) {
    if (user.tenant == tenant.id) coverage.count(user, from_ns, page);
  });
  return page;
}

}  // namespace postern::service
