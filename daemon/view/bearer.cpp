#include "daemon/view/bearer.h"

namespace postern::view {

using schema::Code;

/// Has the processor fetch the user's grants, which mostly lie in four lines, while the stops are
/// asked: of many users none is at hand.
static void fetch_grants_ahead(const domain::User& user) {
  constexpr std::size_t line_bytes = 64;
  const auto* const begun = reinterpret_cast<const std::byte*>(user.grants.get());
  for (std::size_t line = 0; line < 4; ++line) __builtin_prefetch(begun + line * line_bytes);
}

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

Bearer bearer_of_name(const View& view, const domain::Operator& asker, const NamedBeside& named,
                      const domain::CallFacts& call) {
  return bearer_in(view, asker, view.find_tenant(asker, named.tenant), named.username, call);
}

Bearer bearer_in(const View& view, const domain::Operator& asker, const domain::Tenant* tenant,
                 std::string_view username, const domain::CallFacts& call) {
  const domain::User* user =
      tenant == nullptr ? nullptr : view.tables().find_user(tenant->id, username);
  if (user != nullptr) fetch_grants_ahead(*user);
  if (tenant != nullptr && user == nullptr && asker.role != schema::Role::service)
    return {tenant, user, Code::user_unknown};
  return {tenant, user, domain::first_stop_before_credential(tenant, user, call).code};
}

domain::Verdict check(const Bearer& bearer, const domain::Question& question,
                      const domain::CallFacts& call) {
  if (bearer.stop != Code::ok) return {bearer.stop};
  const auto parts = bearer.key == nullptr ? std::span<const domain::Narrowing>()
                                           : std::span(bearer.key->narrowed_to);
  return domain::authorize(*bearer.tenant, *bearer.user, question, call, parts);
}

}  // namespace postern::view
