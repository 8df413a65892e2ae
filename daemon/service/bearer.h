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

/// Whom a question names beside its credential; empty: nobody.
struct NamedBeside {
  std::string_view tenant;
  std::string_view username;
};

/// A question that names a tenant or a user is about that one alone, whatever its credential says.
inline bool names_another(const NamedBeside& named, const domain::Tenant& tenant,
                          const domain::User& user) {
  return (!named.tenant.empty() && named.tenant != tenant.alias) ||
         (!named.username.empty() && !domain::equal_names(named.username, user.username));
}

/// S1, S2: a token's session as it is now.
Bearer bearer_of_token(const credential::KeyStore& keys, const view::View::Tables& tables,
                       const domain::Operator& asker, const NamedBeside& named,
                       std::string_view text, const domain::CallFacts& call);

}  // namespace postern::service
