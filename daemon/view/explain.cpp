// Every stop of a question, in order, with what caused it (Q5).
#include <algorithm>
#include <map>

#include "daemon/view/answers.h"
#include "daemon/view/call.h"
#include "daemon/view/grants.h"
#include "daemon/view/page.h"
#include "daemon/view/stops.h"

namespace postern::view {

namespace {

using schema::Code;

/// Of one code no more than people read.
std::vector<const domain::Stop*> first_of_each(const std::vector<domain::Stop>& stops) {
  constexpr std::size_t told_max = 100;
  std::map<Code, std::size_t> counts;
  std::vector<const domain::Stop*> first;
  for (const domain::Stop& stop : stops)
    if (++counts[stop.code] <= told_max) first.push_back(&stop);
  return first;
}

/// C12: where a hash that was brought along has ended, that is the true reason of a password that
/// is right; it stands before what stops the question.
void add_end_of_hash(const Inquiry& inquiry, const Subject& subject,
                     std::vector<domain::Stop>& stops) {
  constexpr Code behind[] = {Code::resource_malformed, Code::unknown_resource,
                             Code::denied_by_grant,    Code::denied_below,
                             Code::condition_not_met,  Code::no_matching_grant};
  const std::int64_t ends_ns = imported_hash_ends_ns(inquiry, *subject.tenant, *subject.user);
  if (ends_ns == 0 || ends_ns > inquiry.now_ns) return;
  const auto place = std::ranges::find_if(stops, [&](const domain::Stop& stop) {
    return std::ranges::find(behind, stop.code) != std::end(behind);
  });
  stops.insert(place, domain::Stop{Code::credential_expired, subject.user->password_seq});
}

}  // namespace

Answer<schema::ExplanationT> answer(const Inquiry& inquiry, const schema::Explain& wanted) {
  const View::Tables& tables = inquiry.view.tables();
  auto call = checked_facts_of(wanted.call(), inquiry.now_ns, tables.providers());
  if (!call) return std::unexpected(std::move(call.error()));
  call->with_password = wanted.with_password();
  Subject subject;
  subject.tenant = inquiry.view.find_tenant(inquiry.asker, view_of(wanted.tenant()));
  if (subject.tenant != nullptr)
    subject.user = tables.find_user(subject.tenant->id, view_of(wanted.username()));
  std::optional<domain::Question> question;
  if (wanted.question() != nullptr) question = question_of(*wanted.question());
  auto stops =
      domain::all_stops(subject.tenant, subject.user, *call, question ? &*question : nullptr);
  if (subject.user != nullptr && call->with_password) add_end_of_hash(inquiry, subject, stops);
  const auto first = first_of_each(stops);
  schema::ExplanationT made;
  made.allowed = stops.empty();
  made.stops_left_out = static_cast<std::uint32_t>(stops.size() - first.size());
  made.stops_left_out +=
      fill(first, made.stops, page_bytes_soft_max,
           [&](const domain::Stop* stop) { return as_schema(inquiry, *stop, subject, *call); });
  if (subject.user != nullptr && question) {
    const domain::Verdict verdict =
        domain::authorize(*subject.tenant, *subject.user, *question, *call);
    if (verdict.allowed() && verdict.grant != nullptr)
      made.grant = with_cause(inquiry, {*verdict.grant, verdict.role, verdict.conditions});
  }
  if (call->address) made.address = domain::text_of(*call->address);
  return made;
}

}  // namespace postern::view
