// Checks by name (Q2), for who reads: of the present and of any past moment (H1).
#include "daemon/view/answers.h"
#include "daemon/view/bearer.h"
#include "daemon/view/call.h"
#include "daemon/view/grants.h"
#include "daemon/view/page.h"

namespace postern::view {

namespace {

using schema::Code;

constexpr flatbuffers::uoffset_t questions_max = 10'000;

}  // namespace

Answer<schema::CheckedT> answer(const Inquiry& inquiry, const schema::CheckUser& wanted) {
  const auto* questions = wanted.questions();
  if (questions == nullptr || questions->size() == 0)
    return refused(Code::field_missing, "questions");
  if (questions->size() > questions_max)
    return refused(
        Code::too_large, "questions",
        "The limit is 10000 questions, found " + std::to_string(questions->size()) + ".");
  const auto call =
      checked_facts_of(wanted.call(), inquiry.now_ns, inquiry.view.tables().providers());
  if (!call) return std::unexpected(call.error());
  const Bearer bearer = bearer_of_name(
      inquiry.view, inquiry.asker, {view_of(wanted.tenant()), view_of(wanted.username())}, *call);
  if (bearer.tenant == nullptr) return refused(Code::tenant_unknown, "tenant");
  if (bearer.user == nullptr) return refused(Code::user_unknown, "username");
  schema::CheckedT made;
  made.user = std::make_unique<Uuid>(bearer.user->id);
  std::size_t bytes = 0;
  for (const schema::Question* question : *questions) {
    const domain::Verdict verdict = check(bearer, question_of(*question), *call);
    auto& decision = made.decisions.emplace_back(std::make_unique<schema::DecisionT>());
    decision->allowed = verdict.allowed();
    decision->reason = verdict.reason;
    bytes += 40;
    if (verdict.grant == nullptr) continue;
    auto grant = as_schema({*verdict.grant, verdict.role, verdict.conditions});
    bytes += bytes_of(*grant);
    if (bytes > page_bytes_soft_max)
      ++made.grants_left_out;
    else
      decision->grant = std::move(grant);
  }
  return made;
}

}  // namespace postern::view
