// Who bears an API key (C8), once its secret was verified: by whoever keeps its hash.
#pragma once

#include "daemon/view/bearer.h"

namespace postern::view {

/// As the key stands at the time of the call.
inline Bearer bearer_of_key(const domain::Tenant& tenant, const domain::User& user,
                            const domain::ApiKey& key, const domain::CallFacts& call) {
  using schema::Code;
  const Code stop = domain::first_stop_before_credential(&tenant, &user, call).code;
  if (stop != Code::ok) return {&tenant, &user, stop};
  if (domain::is_expired(key, call.now_ns)) return {&tenant, &user, Code::credential_expired};
  return {&tenant, &user, Code::ok, &key};
}

}  // namespace postern::view
