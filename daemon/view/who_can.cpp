// Who may do this, with the grant that lets them (Q4).
#include "daemon/domain/catalogue.h"
#include "daemon/domain/path.h"
#include "daemon/view/answers.h"
#include "daemon/view/call.h"
#include "daemon/view/directory.h"
#include "daemon/view/grants.h"
#include "daemon/view/moment.h"
#include "daemon/view/page.h"

namespace postern::view {

namespace {

using schema::Code;

/// Users looked at for one page.
constexpr std::size_t looked_at_max = 10'000;

/// What anybody may be asked of: known to the tenant, and one action.
Answer<domain::Question> askable(const domain::Tenant& tenant, const schema::Question* wanted) {
  if (wanted == nullptr) return refused(Code::field_missing, "question");
  const domain::Question question = question_of(*wanted);
  if (!domain::is_path(question.resource)) return refused(Code::resource_malformed, "resource");
  if (question.action == "*" ||
      !domain::knows(*tenant.catalogue, question.resource, question.action))
    return refused(Code::unknown_resource, "resource",
                   domain::nearest_known(*tenant.catalogue, question.resource, question.action));
  return question;
}

/// Null: the user may not, whatever its call.
std::unique_ptr<schema::HolderT> holder_of(const domain::Tenant& tenant, const domain::User& user,
                                           const domain::Question& question,
                                           const domain::CallFacts& call) {
  const domain::Verdict verdict = domain::authorize(tenant, user, question, call);
  const bool may = verdict.allowed() || verdict.reason == Code::condition_not_met;
  if (!may) return nullptr;
  const Code stop = domain::first_stop_before_credential(&tenant, &user, call).code;
  auto holder = std::make_unique<schema::HolderT>();
  holder->user = std::make_unique<Uuid>(user.id);
  holder->username = user.username;
  holder->grant = as_schema({*verdict.grant, verdict.role, verdict.conditions});
  holder->state = stop == Code::ok ? verdict.reason : stop;
  return holder;
}

}  // namespace

Answer<schema::HolderPageT> answer(const Inquiry& inquiry, const schema::WhoCan& wanted) {
  const auto tenant = tenant_of(inquiry, wanted.tenant());
  if (!tenant) return std::unexpected(tenant.error());
  const auto question = askable(**tenant, wanted.question());
  if (!question) return std::unexpected(question.error());
  const auto call =
      checked_facts_of(wanted.call(), inquiry.now_ns, inquiry.view.tables().providers());
  if (!call) return std::unexpected(call.error());
  std::optional<UserPlace> after;
  if (const std::string_view name = place_in(wanted.after()); !name.empty()) after = behind(name);
  const auto users = list_users(inquiry.view, **tenant, {}, {}, after, looked_at_max);
  schema::HolderPageT page;
  page.more = users.more;
  const std::size_t count_max = page_size(wanted.count_max());
  std::size_t bytes = 0;
  for (const domain::User* user : users.entries) {
    if (page.holders.size() == count_max || bytes > page_bytes_soft_max) {
      page.more = true;
      break;
    }
    page.next = user->username;
    auto holder = holder_of(**tenant, *user, *question, *call);
    if (holder == nullptr || (wanted.usable_only() && holder->state != Code::ok)) continue;
    bytes += 100 + user->username.size() + bytes_of(*holder->grant);
    page.holders.push_back(std::move(holder));
  }
  if (!page.more) page.next.clear();
  return page;
}

}  // namespace postern::view
