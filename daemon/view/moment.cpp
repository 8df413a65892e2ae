// next  := seq ':' time_ns ':' place      no place has a colon
// seq   := decimal, as is time_ns
#include "daemon/view/moment.h"

#include <charconv>

#include "schema/text_view.h"

namespace postern::view {

namespace {

using schema::HistoryBody;

/// Takes a number and the colon behind it from the front.
template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop == end || *stop != ':') return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
  return true;
}

template <class Wanted>
const flatbuffers::String* after_of(const schema::HistoryRequest& request) {
  return request.body_as<Wanted>()->after();
}

const flatbuffers::String* after_in(const schema::HistoryRequest& request) {
  switch (request.body_type()) {
    case HistoryBody::GetUser:
      return after_of<schema::GetUser>(request);
    case HistoryBody::GetRole:
      return after_of<schema::GetRole>(request);
    case HistoryBody::ListTenants:
      return after_of<schema::ListTenants>(request);
    case HistoryBody::ListUsers:
      return after_of<schema::ListUsers>(request);
    case HistoryBody::ListCatalogue:
      return after_of<schema::ListCatalogue>(request);
    case HistoryBody::ListRoles:
      return after_of<schema::ListRoles>(request);
    case HistoryBody::ListPermissions:
      return after_of<schema::ListPermissions>(request);
    case HistoryBody::WhoCan:
      return after_of<schema::WhoCan>(request);
    case HistoryBody::GetTenant:
    case HistoryBody::ListOperators:
    case HistoryBody::Explain:
    case HistoryBody::ListRanges:
    case HistoryBody::TestAddress:
    case HistoryBody::CheckUser:
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
    case HistoryBody::PlanUndo:
    case HistoryBody::ListSessions:
    case HistoryBody::ListExpiring:
    case HistoryBody::GetAccess:
    case HistoryBody::NONE:
      break;
  }
  return nullptr;
}

template <class Page>
void name_in(Page* page, const std::string& moment) {
  if (page != nullptr && !page->next.empty()) page->next.insert(0, moment);
}

}  // namespace

Cursor split_cursor(std::string_view text) {
  Moment moment;
  std::string_view place = text;
  if (take_number(place, moment.seq) && take_number(place, moment.time_ns)) return {moment, place};
  return {std::nullopt, text};
}

std::string_view place_in(const flatbuffers::String* after) {
  return split_cursor(schema::view_of(after)).place;
}

Cursor cursor_in(const schema::HistoryRequest& request) {
  return split_cursor(schema::view_of(after_in(request)));
}

void name_moment(schema::HistoryPageBodyUnion& page, const Moment& moment) {
  const std::string text = std::to_string(moment.seq) + ":" + std::to_string(moment.time_ns) + ":";
  name_in(page.AsUserView(), text);
  name_in(page.AsRoleView(), text);
  name_in(page.AsTenantPage(), text);
  name_in(page.AsUserPage(), text);
  if (auto* users = page.AsUserPage())
    for (const auto& view : users->views) name_in(view.get(), text);
  name_in(page.AsCataloguePage(), text);
  name_in(page.AsRolePage(), text);
  name_in(page.AsPermissionPage(), text);
  name_in(page.AsHolderPage(), text);
}

}  // namespace postern::view
