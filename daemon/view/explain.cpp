// Every stop of a question, in order, with what caused it (Q5).
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
  const auto stops =
      domain::all_stops(subject.tenant, subject.user, *call, question ? &*question : nullptr);
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
