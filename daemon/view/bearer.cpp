#include "daemon/view/bearer.h"

namespace postern::view {

using schema::Code;

bool names_another(const NamedBeside& named, const domain::Tenant& tenant,
                   const domain::User& user) {
  return (!named.tenant.empty() && named.tenant != tenant.alias) ||
         (!named.username.empty() && !domain::equal_names(named.username, user.username));
}

Bearer bearer_of_session(const View::Tables& tables, const domain::Operator& asker,
                         const NamedBeside& named, const Session& session,
                         const domain::CallFacts& call) {
  const domain::Tenant* tenant = tables.find_tenant(session.tenant);
  const domain::User* user = tables.find_user(session.user);
  if (tenant == nullptr || user == nullptr || user->tenant != tenant->id ||
      !domain::in_scope(asker, tenant->id) || names_another(named, *tenant, *user))
    return {};
  const Code stop = domain::first_stop_before_credential(tenant, user, call).code;
  if (stop != Code::ok) return {tenant, user, stop};
  const bool by_key = !domain::is_zero(session.key);
  const domain::ApiKey* key = by_key ? domain::find_key(*user, session.key) : nullptr;
  const domain::SessionFacts facts{
      session.session, by_key, key, session.expires_ns, session.user_epoch, session.tenant_epoch};
  if (!domain::is_open(facts, *tenant, *user, call.now_ns))
    return {tenant, user, Code::session_expired};
  return {tenant, user, Code::ok, key};
}

/// In a tenant that was found, or not.
static Bearer bearer_named(const domain::Operator& asker, const domain::Tenant* tenant,
                           const domain::User* user, const domain::CallFacts& call) {
  // Of many users none is at hand: while the stops are asked, the grants come.
  if (user != nullptr) domain::fetch_ahead(user->grants.get(), domain::Grants::bytes_of_most);
  if (tenant != nullptr && user == nullptr && asker.role != schema::Role::service)
    return {tenant, user, Code::user_unknown};
  return {tenant, user, domain::first_code_before_credential(tenant, user, call)};
}

Bearer bearer_of_name(const View& view, const domain::Operator& asker, const NamedBeside& named,
                      const domain::CallFacts& call) {
  return NameSearch(view, asker, named).bearer(call);
}

Bearer bearer_in(const View& view, const domain::Operator& asker, const domain::Tenant* tenant,
                 std::string_view username, const domain::CallFacts& call) {
  const domain::User* user =
      tenant == nullptr ? nullptr : view.tables().find_user(tenant->id, username);
  return bearer_named(asker, tenant, user, call);
}

NameSearch::NameSearch(const View& view, const domain::Operator& asker, const NamedBeside& named)
    : asker_(asker), tenant_(view.find_tenant(asker, named.tenant)) {
  if (tenant_ != nullptr) user_.emplace(view.tables().search_user(tenant_->id, named.username));
}

Bearer NameSearch::bearer(const domain::CallFacts& call) const {
  const domain::User* user = user_ ? user_->found() : nullptr;
  return bearer_named(asker_, tenant_, user, call);
}

static std::span<const domain::Narrowing> parts_of(const Bearer& bearer) {
  if (bearer.key == nullptr) return {};
  return std::span(bearer.key->narrowed_to);
}

domain::Verdict check(const Bearer& bearer, const domain::Question& question,
                      const domain::CallFacts& call) {
  if (bearer.stop != Code::ok) return {bearer.stop};
  return domain::authorize(*bearer.tenant, *bearer.user, question, call, parts_of(bearer));
}

domain::Authorizer authorizer_of(const Bearer& bearer, const domain::CallFacts& call,
                                 std::size_t questions) {
  return domain::Authorizer(*bearer.tenant, *bearer.user, call, parts_of(bearer), questions);
}

domain::Verdict check(const Bearer& bearer, const domain::ReadQuestion* question,
                      const domain::CallFacts& call) {
  if (bearer.stop != Code::ok) return {bearer.stop};
  return domain::authorize(*bearer.tenant, *bearer.user, *question, call, parts_of(bearer));
}

}  // namespace postern::view
