// Who a question is about, where its credential is a token; for every socket that takes one.
// Thread: that of the tables. Opening a token takes microseconds and waits for nothing.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/credential/key_store.h"
#include "daemon/credential/session_token.h"
#include "daemon/view/bearer.h"

namespace postern::service {

struct Bearer : view::Bearer {
  /// The session the credential belongs to already.
  std::optional<credential::SessionToken> session = {};
};

/// Nothing if it is none of this daemon's.
std::optional<credential::SessionToken> open_token(const credential::KeyStore& keys,
                                                   std::string_view text);

view::Session as_view(const credential::SessionToken& token);

/// S1, S2: a token's session as it is now.
Bearer bearer_of_token(const credential::KeyStore& keys, const view::View::Tables& tables,
                       const domain::Operator& asker, const view::NamedBeside& named,
                       std::string_view text, const domain::CallFacts& call);

}  // namespace postern::service
