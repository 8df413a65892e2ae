#include "daemon/view/answers.h"

namespace postern::view {

namespace {

using schema::HistoryBody;

template <class Wanted>
Answer<schema::HistoryPageBodyUnion> answer_as(const Inquiry& inquiry,
                                               const schema::HistoryRequest& request) {
  auto page = answer(inquiry, *request.body_as<Wanted>());
  if (!page) return std::unexpected(std::move(page.error()));
  schema::HistoryPageBodyUnion body;
  body.Set(std::move(*page));
  return body;
}

}  // namespace

Answer<schema::HistoryPageBodyUnion> answer(const Inquiry& inquiry,
                                            const schema::HistoryRequest& request) {
  switch (request.body_type()) {
    case HistoryBody::GetTenant:
      return answer_as<schema::GetTenant>(inquiry, request);
    case HistoryBody::ListTenants:
      return answer_as<schema::ListTenants>(inquiry, request);
    case HistoryBody::GetUser:
      return answer_as<schema::GetUser>(inquiry, request);
    case HistoryBody::ListUsers:
      return answer_as<schema::ListUsers>(inquiry, request);
    case HistoryBody::ListOperators:
      return answer_as<schema::ListOperators>(inquiry, request);
    case HistoryBody::Explain:
      return answer_as<schema::Explain>(inquiry, request);
    case HistoryBody::ListRanges:
      return answer_as<schema::ListRanges>(inquiry, request);
    case HistoryBody::TestAddress:
      return answer_as<schema::TestAddress>(inquiry, request);
    case HistoryBody::ListCatalogue:
      return answer_as<schema::ListCatalogue>(inquiry, request);
    case HistoryBody::ListRoles:
      return answer_as<schema::ListRoles>(inquiry, request);
    case HistoryBody::GetRole:
      return answer_as<schema::GetRole>(inquiry, request);
    case HistoryBody::ListPermissions:
      return answer_as<schema::ListPermissions>(inquiry, request);
    case HistoryBody::CheckUser:
      return answer_as<schema::CheckUser>(inquiry, request);
    case HistoryBody::WhoCan:
      return answer_as<schema::WhoCan>(inquiry, request);
    case HistoryBody::PlanUndo:
      return answer_as<schema::PlanUndo>(inquiry, request);
    case HistoryBody::ListSessions:
      return answer_as<schema::ListSessions>(inquiry, request);
    case HistoryBody::ListExpiring:
      return answer_as<schema::ListExpiring>(inquiry, request);
    // Made of the journal, the keys, or all state at once.
    case HistoryBody::GetRecords:
    case HistoryBody::ListCalls:
    case HistoryBody::GetCheckpoint:
    case HistoryBody::GetConsistency:
    case HistoryBody::GetInclusion:
    case HistoryBody::GetKeys:
    case HistoryBody::GetDigest:
    case HistoryBody::GetDifference:
    case HistoryBody::PreviewCommands:
    case HistoryBody::GetWhatIf:
    case HistoryBody::GetReport:
    case HistoryBody::GetAccess:
    case HistoryBody::NONE:
      break;
  }
  return refused(schema::Code::unknown_kind, "body");
}

}  // namespace postern::view
