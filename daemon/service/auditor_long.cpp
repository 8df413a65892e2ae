// The auditor's answers that take long: each is begun, made on slice by slice, and given to whoever
// asks by its name.
#include <algorithm>
#include <utility>

#include "daemon/calls/call_reader.h"
#include "daemon/journal/sha256.h"
#include "daemon/service/auditor.h"
#include "daemon/service/journal_answers.h"
#include "daemon/service/permissions.h"
#include "daemon/service/preview_answer.h"
#include "daemon/service/what_if_answer.h"

namespace postern::service {

namespace {

using schema::Code;
using schema::HistoryBody;
using schema::view_of;

/// Of a slice that has so much to do no further part is begun.
constexpr std::uint64_t slice_work = 4'096;
constexpr int slice_parts = 8;

/// Names an answer by what was asked for.
class Name {
 public:
  /// One who was changed since is asked anew what may be asked.
  explicit Name(const domain::Operator& asker) {
    add(asker.id.high(), asker.id.low(), asker.changed_seq);
  }

  template <class... Numbers>
  Name& add(Numbers... numbers) {
    ((text_ += std::to_string(numbers) + '|'), ...);
    return *this;
  }
  Name& add_text(std::string_view text) {
    text_.append(text) += '|';
    return *this;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string difference_name(const domain::Operator& asker, const schema::GetDifference& wanted,
                            const view::Moment& from, const view::Moment& to) {
  return Name(asker)
      .add_text("difference")
      .add_text(view_of(wanted.tenant()))
      .add_text(view_of(wanted.username()))
      .add(wanted.unfold(), from.seq, from.time_ns, to.seq, to.time_ns)
      .take();
}

/// Of all its bytes but the ids, which are others each time it is asked. They may hold a password,
/// so the name is a hash.
std::string supposed_name(const domain::Operator& asker, const schema::HistoryRequest& request,
                          std::span<const std::byte> bytes) {
  std::vector<std::pair<std::size_t, std::size_t>> ids;
  const auto add_id = [&](const void* place, std::size_t size) {
    if (place == nullptr) return;
    const auto begin =
        static_cast<std::size_t>(static_cast<const std::byte*>(place) - bytes.data());
    ids.emplace_back(begin, begin + size);
  };
  const auto& table = reinterpret_cast<const flatbuffers::Table&>(request);
  add_id(table.GetAddressOf(schema::HistoryRequest::VT_ID), sizeof request.id());
  const auto* preview = request.body_as_PreviewCommands();
  const auto* message =
      preview == nullptr ? request.body_as_GetWhatIf()->message() : preview->message();
  if (message != nullptr) add_id(message->id(), sizeof(Uuid));
  std::ranges::sort(ids);
  journal::Sha256 sha256;
  std::size_t at = 0;
  for (const auto& [begin, end] : ids) {
    if (begin > at) sha256.add(bytes.subspan(at, begin - at));
    at = std::max(at, end);
  }
  const journal::Hash hash = sha256.add(bytes.subspan(at)).finish();
  return Name(asker)
      .add_text({reinterpret_cast<const char*>(hash.data()), hash.size()})
      .add_text("supposed")
      .take();
}

}  // namespace

view::Answer<std::optional<Auditor::Reply>> Auditor::answer_long(const Request& asked,
                                                                 view::Moment& moment) {
  const std::int64_t now_ns = parts_.clock.monotonic_ns();
  const std::string name = name_of(asked);
  LongAnswers::Kept* kept = long_.find(name, asked.request.at_least_seq(), now_ns);
  if (kept == nullptr) {
    auto begun = begin_long(asked);
    if (!begun) return std::unexpected(std::move(begun.error()));
    if (!*begun) return std::nullopt;
    (*begun)->names.push_back(name);
    (*begun)->asker = asked.asker.id;
    (*begun)->head = head_.seq;
    kept = long_.add(std::move(**begun), now_ns);
    if (kept == nullptr)
      return view::refused(Code::busy, "",
                           "Other answers that take long are being made for you, or for others.");
  }
  if (auto step = make_on(*kept, asked); !step) {
    long_.drop(*kept);
    return std::unexpected(std::move(step.error()));
  }
  if (!kept->answer->is_made()) return std::nullopt;
  moment = kept->moment;
  Reply reply{kept->answer->page(asked.request), {}};
  // Who asks for the first page anew is told of the present anew.
  const bool names_moment = asked.request.at_seq() != 0 || asked.request.at_time_ns() != 0;
  if (!kept->answer->goes_on())
    long_.drop(*kept);
  else if (!names_moment)
    std::erase(kept->names, name);
  return reply;
}

/// What is asked for again by this is the same.
std::string Auditor::name_of(const Request& asked) const {
  const view::Moment at{asked.request.at_seq(), asked.request.at_time_ns()};
  if (const auto* wanted = asked.request.body_as_GetDifference())
    return difference_name(asked.asker, *wanted, {wanted->from_seq(), wanted->from_time_ns()}, at);
  if (const auto* wanted = asked.request.body_as_GetReport())
    return Name(asked.asker)
        .add_text("report")
        .add_text(view_of(wanted->tenant()))
        .add(wanted->from_seq(), wanted->unused_days(), wanted->soon_days(), wanted->rows_max(),
             at.seq, at.time_ns)
        .take();
  if (const auto* wanted = asked.request.body_as_PlanUndo())
    return Name(asked.asker).add_text("undo").add(wanted->seq()).take();
  return supposed_name(asked.asker, asked.request, asked.bytes);
}

/// One slice, of the view as it was.
LongAnswer::Step Auditor::make_on(LongAnswers::Kept& kept, const Request& asked) {
  const std::int64_t now_ns = parts_.clock.monotonic_ns();
  const bool is_of_present = kept.is_of_present();
  const bool goes_back = is_of_present && kept.moment.seq != head_.seq;
  if (is_of_present) recent_.needs(kept.moment.seq, now_ns, LongAnswers::kept_ns);
  for (const auto& past : {kept.past, kept.earlier})
    if (past != nullptr) pasts_.touch(*past, now_ns);
  if (goes_back) recent_.go_back(view_, kept.moment.seq);
  view::Sources beside = sources();
  beside.newest = kept.moment.seq;
  beside.command_refusal = [&](schema::CommandBody kind) { return refusal(asked.asker, kind); };
  const view::View& view = kept.past == nullptr ? view_ : kept.past->view();
  const view::Inquiry inquiry{view, asked.asker, kept.moment.time_ns, beside};
  LongAnswer& answer = *kept.answer;
  const std::uint64_t before = answer.work();
  LongAnswer::Step step;
  for (int part = 0;
       step && !answer.is_made() && part < slice_parts && answer.work() - before < slice_work;
       ++part)
    step = answer.go_on({inquiry, asked.request});
  if (goes_back) recent_.come_again(view_, kept.moment.seq);
  work_ += answer.work() - before;
  how_far_ = answer.how_far();
  return step;
}

// ---- how each begins

Auditor::Begun Auditor::begin_long(const Request& asked) {
  const HistoryBody kind = asked.request.body_type();
  if (kind == HistoryBody::GetDifference) return begin_difference(asked);
  if (kind == HistoryBody::GetReport) return begin_report(asked);
  if (kind == HistoryBody::PreviewCommands) return begin_preview(asked);
  if (kind == HistoryBody::GetWhatIf) return begin_what_if(asked);
  return begin_undo(asked);
}

view::Answer<std::optional<WholePasts::Shared>> Auditor::past_of(const domain::Tenant& tenant,
                                                                 const view::Moment& moment) {
  if (moment.seq == head_.seq) return nullptr;
  auto pasts = pasts_at({{{tenant.id}, moment.seq}});
  if (!pasts) return std::unexpected(std::move(pasts.error()));
  if (pasts->empty()) return std::nullopt;
  return std::move(pasts->front());
}

Auditor::Begun Auditor::begin_difference(const Request& asked) {
  const auto& wanted = *asked.request.body_as_GetDifference();
  const domain::Tenant* tenant = view_.find_tenant(asked.asker, view_of(wanted.tenant()));
  if (tenant == nullptr) return view::refused(Code::tenant_unknown, "tenant");
  if (wanted.from_seq() == 0 && wanted.from_time_ns() == 0)
    return view::refused(Code::field_missing, "from_seq", "Name a record, or a time.");
  const std::int64_t now_ns = parts_.clock.now_ns();
  const auto to = moment_of(asked.request, now_ns);
  if (!to) return std::unexpected(to.error());
  const auto from = named_moment({wanted.from_seq(), wanted.from_time_ns()}, now_ns);
  if (!from) return std::unexpected(from.error());
  if (from->seq > to->seq || from->time_ns > to->time_ns)
    return view::refused(Code::field_malformed, "from_seq",
                         "It is later than the moment that it is compared with.");
  if (to->seq - from->seq > trail_records_max)
    return view::refused(Code::too_large, "from_seq",
                         "More than a million records lie between: name moments nearer to each "
                         "other, or ask postern-replay.");
  std::vector<WholeMoment> moments{{{tenant->id}, from->seq}};
  if (to->seq != head_.seq) moments.push_back({{tenant->id}, to->seq});
  auto pasts = pasts_at(moments);
  if (!pasts) return std::unexpected(std::move(pasts.error()));
  if (pasts->empty()) return std::nullopt;
  LongAnswers::Kept kept;
  kept.names.push_back(difference_name(asked.asker, wanted, *from, *to));
  kept.moment = *to;
  kept.earlier = pasts->front();
  if (pasts->size() > 1) kept.past = pasts->back();
  kept.answer = std::make_unique<DifferenceAnswer>(
      parts_.journal,
      DifferenceAnswer::Wanted{std::string(view_of(wanted.tenant())),
                               std::string(view_of(wanted.username())), wanted.unfold(), *from,
                               *to},
      kept.earlier);
  return kept;
}

Auditor::Begun Auditor::begin_report(const Request& asked) {
  const auto& wanted = *asked.request.body_as_GetReport();
  const domain::Tenant* tenant = view_.find_tenant(asked.asker, view_of(wanted.tenant()));
  if (tenant == nullptr) return view::refused(Code::tenant_unknown, "tenant");
  const auto moment = moment_of(asked.request, parts_.clock.now_ns());
  if (!moment) return std::unexpected(moment.error());
  const domain::Seq last = moment->seq;
  const domain::Seq from = wanted.from_seq();
  if (from > last)
    return view::refused(Code::seq_beyond_journal, "from_seq",
                         "The head is " + std::to_string(last) + ".");
  const domain::Seq oldest = last - std::min(last, activity_records_max) + 1;
  if (from != 0 && std::max<domain::Seq>(from, tenant->created_seq) < oldest)
    return std::unexpected(too_many_for_report(from, last));
  auto past = past_of(*tenant, *moment);
  if (!past) return std::unexpected(std::move(past.error()));
  if (!*past) return std::nullopt;
  LongAnswers::Kept kept;
  kept.moment = *moment;
  kept.past = std::move(**past);
  kept.answer = std::make_unique<ReportAnswer>(parts_.journal, tenant->id,
                                               std::max(oldest, tenant->created_seq), last, from,
                                               tenant->created_seq < oldest);
  return kept;
}

Auditor::Begun Auditor::begin_preview(const Request& asked) {
  const auto& wanted = *asked.request.body_as_PreviewCommands();
  const schema::CommandMessage* message = wanted.message();
  if (message == nullptr) return view::refused(Code::field_missing, "message");
  if (auto refused = PreviewAnswer::gate(asked.asker, *message))
    return std::unexpected(std::move(*refused));
  const domain::Tenant* tenant = view_.find_tenant(asked.asker, view_of(message->tenant()));
  if (tenant == nullptr) return view::refused(Code::tenant_unknown, "tenant");
  if (wanted.days() == 0 || wanted.days() > PreviewAnswer::days_max)
    return view::refused(Code::field_malformed, "days", "It must be from 1 to 400.");
  if (parts_.calls == nullptr)
    return view::refused(Code::unknown_kind, "body", "No calls are recorded here.");
  LongAnswers::Kept kept;
  kept.moment = {head_.seq, parts_.clock.now_ns()};
  kept.answer = std::make_unique<PreviewAnswer>(*parts_.calls, parts_.keys, calls_limits_, *tenant,
                                                kept.moment, wanted.days());
  return kept;
}

Auditor::Begun Auditor::begin_undo(const Request& asked) {
  LongAnswers::Kept kept;
  kept.moment = {head_.seq, parts_.clock.now_ns()};
  kept.answer = std::make_unique<UndoAnswer>(asked.request.body_as_PlanUndo()->seq());
  return kept;
}

Auditor::Begun Auditor::begin_what_if(const Request& asked) {
  const auto& wanted = *asked.request.body_as_GetWhatIf();
  const domain::Tenant* tenant = view_.find_tenant(asked.asker, view_of(wanted.tenant()));
  if (tenant == nullptr) return view::refused(Code::tenant_unknown, "tenant");
  if (auto fault = WhatIfAnswer::fault_of(asked.request, *tenant, head_.seq))
    return std::unexpected(std::move(*fault));
  const auto moment = moment_of(asked.request, parts_.clock.now_ns());
  if (!moment) return std::unexpected(moment.error());
  if (parts_.calls == nullptr)
    return view::refused(Code::unknown_kind, "body", "No calls are recorded here.");
  const std::uint64_t end = parts_.calls->next();
  calls::CallStream calls(
      calls::CallReader(*parts_.calls), &parts_.keys,
      [this](const Uuid& user) { return view_.tables().find_user(user); },
      {end - std::min(end, WhatIfAnswer::calls_max), end,
       [id = tenant->id](const calls::Entry& entry) { return entry.tenant == id; }});
  LongAnswers::Kept kept;
  kept.moment = *moment;
  kept.answer = std::make_unique<WhatIfAnswer>(
      parts_.journal, std::move(calls),
      WhatIfAnswer::Wanted{tenant->id, tenant->alias, *moment, head_.seq}, asked.bytes);
  return kept;
}

}  // namespace postern::service
