#include "daemon/service/asking.h"

#include <string>

#include "daemon/service/decision_receipt.h"
#include "daemon/view/call.h"
#include "query_marks.h"
#include "schema/text_view.h"

namespace postern::service {

namespace {

using schema::Code;
using schema::view_of;

constexpr std::size_t questions_max = 10'000;

/// A key and a token say themselves whose they are.
bool names_its_user(schema::Credential kind) {
  return kind == schema::Credential::KeyCredential || kind == schema::Credential::TokenCredential;
}

}  // namespace

CarriedCredential credential_of(const schema::Query& query) {
  if (const auto* check = query.body_as_Check())
    return {check->credential_type(), check->credential()};
  if (const auto* authenticate = query.body_as_Authenticate())
    return {authenticate->credential_type(), authenticate->credential()};
  return {};
}

schema::CredentialKind credential_kind(const schema::Query& query) {
  if (query.body_type() == schema::QueryBody::RenewSession) return schema::CredentialKind::token;
  switch (credential_of(query).kind) {
    case schema::Credential::PasswordCredential:
      return schema::CredentialKind::password;
    case schema::Credential::KeyCredential:
      return schema::CredentialKind::key;
    case schema::Credential::TokenCredential:
      return schema::CredentialKind::token;
    case schema::Credential::NamedUser:
    case schema::Credential::NONE:
      break;
  }
  return schema::CredentialKind::named;
}

bool carries_secret(const schema::Query& query) {
  bool found = false;
  schema::visit_secrets(query, [&](auto, const auto* text) { found |= text != nullptr; });
  return found;
}

std::vector<schema::ProblemT> query_problems(const schema::Query& query, std::size_t bytes) {
  std::vector<schema::ProblemT> problems;
  const auto* check = query.body_as_Check();
  const auto* asked = check == nullptr ? nullptr : check->questions();
  const std::size_t questions = asked == nullptr ? 0 : asked->size();
  if (questions <= 1 && bytes > single_bytes_max)
    problems.push_back(make_problem(Code::too_large, "", limit_and_size(single_bytes_max, bytes)));
  if (check != nullptr && questions == 0)
    problems.push_back(make_problem(Code::field_missing, "questions"));
  if (questions > questions_max)
    problems.push_back(
        make_problem(Code::too_large, "questions",
                     "The limit is 10000 questions, found " + std::to_string(questions) + "."));
  const bool receipt = query.receipt();
  if (receipt && check == nullptr)
    problems.push_back(make_problem(Code::field_malformed, "receipt", "Only a Check has one."));
  if (receipt && questions > receipt_questions_max)
    problems.push_back(make_problem(
        Code::too_large, "receipt",
        "The limit is 100 questions with a receipt, found " + std::to_string(questions) + "."));
  if (query.call() != nullptr) view::check_call(query.call(), problems);
  const auto* renewal = check == nullptr ? query.body_as_RenewSession() : nullptr;
  if (renewal != nullptr && view_of(renewal->token()).empty())
    problems.push_back(make_problem(Code::field_missing, "token"));
  if (query.body_type() == schema::QueryBody::GetStatus || renewal != nullptr) return problems;
  const CarriedCredential carried = credential_of(query);
  if (carried.kind == schema::Credential::NONE || carried.table == nullptr)
    problems.push_back(make_problem(Code::field_missing, "credential"));
  else if (carried.kind > schema::Credential::MAX)
    problems.push_back(make_problem(Code::unknown_kind, "credential"));
  if (!names_its_user(carried.kind) && view_of(query.tenant()).empty())
    problems.push_back(make_problem(Code::field_missing, "tenant"));
  return problems;
}

bool is_surely_right(const CheckParts& by_name, std::size_t bytes) {
  const std::size_t questions = by_name.question_count;
  return questions > 0 && (questions > 1 || bytes <= single_bytes_max) &&
         questions <= questions_max && by_name.call == nullptr && !by_name.receipt &&
         !by_name.tenant.empty();
}

}  // namespace postern::service
