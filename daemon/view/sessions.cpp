// S1, S3: who is in a session, as far as sessions were seen.
#include <algorithm>

#include "daemon/view/answers.h"
#include "daemon/view/page.h"

namespace postern::view {

namespace {

/// S2: whether it stands now.
bool is_open(const Inquiry& inquiry, const SeenSession& seen, const domain::Tenant& tenant,
             const domain::User& user) {
  const Session& token = seen.token;
  const bool by_key = !domain::is_zero(token.key);
  const domain::ApiKey* key = by_key ? domain::find_key(user, token.key) : nullptr;
  return domain::is_open(
      {token.session, by_key, key, token.expires_ns, token.user_epoch, token.tenant_epoch}, tenant,
      user, inquiry.now_ns);
}

std::unique_ptr<schema::SessionViewT> session_view(const Inquiry& inquiry, const SeenSession& seen,
                                                   const domain::User& user) {
  auto made = std::make_unique<schema::SessionViewT>();
  made->session = std::make_unique<Uuid>(seen.token.session);
  made->user = std::make_unique<Uuid>(user.id);
  made->username = user.username;
  made->opened_ns = seen.opened_ns;
  made->expires_ns = seen.token.expires_ns;
  made->last_used_ns = seen.last_used_ns;
  made->call_count = seen.call_count;
  if (!domain::is_zero(seen.token.key)) {
    made->key = std::make_unique<Uuid>(seen.token.key);
    if (const domain::ApiKey* key = domain::find_key(user, seen.token.key))
      made->key_name = key->name;
  }
  made->service = std::make_unique<Uuid>(seen.service);
  if (const domain::Operator* service = inquiry.view.tables().find_operator(seen.service))
    made->service_name = service->name;
  return made;
}

}  // namespace

Answer<schema::SessionPageT> answer(const Inquiry& inquiry, const schema::ListSessions& wanted) {
  const auto tenant = tenant_of(inquiry, wanted.tenant());
  if (!tenant) return std::unexpected(tenant.error());
  const View::Tables& tables = inquiry.view.tables();
  const std::string_view username = view_of(wanted.username());
  const domain::User* one = username.empty() ? nullptr : tables.find_user((*tenant)->id, username);
  if (one == nullptr && !username.empty()) return refused(schema::Code::user_unknown, "username");
  SeenSessions seen;
  if (inquiry.sources.sessions)
    seen = inquiry.sources.sessions((*tenant)->id, one == nullptr ? nullptr : &one->id);
  std::ranges::sort(seen.sessions, [&](const SeenSession& left, const SeenSession& right) {
    return wanted.newest_first() ? domain::less(right.token.session, left.token.session)
                                 : domain::less(left.token.session, right.token.session);
  });
  const auto is_behind = [&](const SeenSession& entry) {
    const Uuid* after = wanted.after();
    if (after == nullptr) return true;
    return wanted.newest_first() ? domain::less(entry.token.session, *after)
                                 : domain::less(*after, entry.token.session);
  };
  schema::SessionPageT page;
  page.seen_from_ns = seen.seen_from_ns;
  // O2: a count of all tenants' sessions.
  if (inquiry.asker.all_tenants) page.left_out = seen.left_out;
  const std::size_t count_max = page_size(wanted.count_max());
  for (const SeenSession& entry : seen.sessions) {
    if (!is_behind(entry) || entry.opened_ns < wanted.opened_from_ns()) continue;
    const domain::User* user = tables.find_user(entry.token.user);
    if (user == nullptr || !is_open(inquiry, entry, **tenant, *user)) continue;
    page.more = page.sessions.size() == count_max;
    if (page.more) break;
    page.sessions.push_back(session_view(inquiry, entry, *user));
  }
  return page;
}

}  // namespace postern::view
