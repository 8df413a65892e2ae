#include "daemon/service/bearer.h"

namespace postern::service {

using schema::Code;

Bearer bearer_of_token(const credential::KeyStore& keys, const view::View::Tables& tables,
                       const domain::Operator& asker, const NamedBeside& named,
                       std::string_view text, const domain::CallFacts& call) {
  const credential::Key* const sealing[] = {&keys.own_key("session-tokens"),
                                            &keys.own_key("session-tokens-before")};
  const auto token = credential::open_token(sealing, text);
  if (!token) return {};
  const domain::Tenant* tenant = tables.find_tenant(token->tenant);
  const domain::User* user = tables.find_user(token->user);
  if (tenant == nullptr || user == nullptr || user->tenant != tenant->id ||
      !domain::in_scope(asker, tenant->id) || names_another(named, *tenant, *user))
    return {};
  const Code stop = domain::first_stop_before_credential(tenant, user, call).code;
  if (stop != Code::ok) return {tenant, user, stop};
  const bool by_key = !domain::is_zero(token->key);
  const domain::ApiKey* key = by_key ? domain::find_key(*user, token->key) : nullptr;
  const domain::SessionFacts session{
      token->session, by_key, key, token->expires_ns, token->user_epoch, token->tenant_epoch};
  if (!domain::is_open(session, *tenant, *user, call.now_ns))
    return {tenant, user, Code::session_expired};
  return {tenant, user, Code::ok, key, token};
}

}  // namespace postern::service
