// Who a question is about, as its credential says; for every socket that takes one.
// Thread: that of the tables. Lifetime: a bearer's entries are the tables' own. Opening a token
// takes microseconds and waits for nothing.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/credential/key_store.h"
#include "daemon/credential/session_token.h"
#include "daemon/domain/authorize.h"
#include "daemon/view/view.h"

namespace postern::service {

struct Bearer {
  const domain::Tenant* tenant = nullptr;
  const domain::User* user = nullptr;
  /// The first stop up to the credential.
  schema::Code stop = schema::Code::invalid_credentials;
  /// C8: what the question must lie within; null: anywhere.
  const domain::ApiKey* key = nullptr;
  /// The session the credential belongs to already.
  std::optional<credential::SessionToken> session = {};
};

/// A question that names a tenant is about that tenant alone, whatever its credential says.
inline bool names_another(std::string_view alias, const domain::Tenant& tenant) {
  return !alias.empty() && alias != tenant.alias;
}

/// S1, S2: a token's session as it is now. `alias`: the tenant the question names; empty: none.
Bearer bearer_of_token(const credential::KeyStore& keys, const view::View::Tables& tables,
                       const domain::Operator& asker, std::string_view alias, std::string_view text,
                       const domain::CallFacts& call);

}  // namespace postern::service
