#include "daemon/service/bearer.h"

namespace postern::service {

std::optional<credential::SessionToken> open_token(const credential::KeyStore& keys,
                                                   std::string_view text) {
  const credential::Key* const sealing[] = {
      &keys.own_key(credential::OwnKey::session_tokens),
      &keys.own_key(credential::OwnKey::session_tokens_before)};
  return credential::open_token(sealing, text);
}

view::Session as_view(const credential::SessionToken& token) {
  return {token.tenant,     token.user,       token.session,     token.key,
          token.expires_ns, token.user_epoch, token.tenant_epoch};
}

Bearer bearer_of_token(const credential::KeyStore& keys, const view::View::Tables& tables,
                       const domain::Operator& asker, const view::NamedBeside& named,
                       std::string_view text, const domain::CallFacts& call) {
  const auto token = open_token(keys, text);
  if (!token) return {};
  const view::Bearer found = view::bearer_of_session(tables, asker, named, as_view(*token), call);
  return {found, found.stop == schema::Code::ok ? token : std::nullopt};
}

}  // namespace postern::service
