// Who a question is about, as its credential says, and what the grants say of the question. What
// opens credentials hands over what they say.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/domain/authorize.h"
#include "daemon/view/view.h"

namespace postern::view {

/// Its entries are the tables' own.
struct Bearer {
  const domain::Tenant* tenant = nullptr;
  const domain::User* user = nullptr;
  /// The first stop up to the credential.
  schema::Code stop = schema::Code::invalid_credentials;
  /// C8: what the question must lie within; null: anywhere.
  const domain::ApiKey* key = nullptr;
};

/// Whom a question names beside its credential; empty: nobody.
struct NamedBeside {
  std::string_view tenant;
  std::string_view username;
};

/// A question that names a tenant or a user is about that one alone, whatever its credential says.
bool names_another(const NamedBeside& named, const domain::Tenant& tenant,
                   const domain::User& user);

/// S1: what a token says of its session.
struct Session {
  domain::Uuid tenant;
  domain::Uuid user;
  domain::Uuid session;
  /// The API key it was made with; zero: none.
  domain::Uuid key;
  std::int64_t expires_ns = 0;
  /// S2: as the entries had them.
  domain::Seq user_epoch = 0;
  domain::Seq tenant_epoch = 0;
};

/// S1, S2: as the session stands at the time of the call.
Bearer bearer_of_session(const View::Tables& tables, const domain::Operator& asker,
                         const NamedBeside& named, const Session& session,
                         const domain::CallFacts& call);

/// Without a credential, by somebody who vouches. Who reads lists may be told that nobody has the
/// name; a service is not.
Bearer bearer_of_name(const View& view, const domain::Operator& asker, const NamedBeside& named,
                      const domain::CallFacts& call);
/// The same in steps, between which whoever has other things to do lets memory be fetched. The view
/// and the name stay as they are meanwhile.
class NameSearch {
 public:
  NameSearch(const View& view, const domain::Operator& asker, const NamedBeside& named);

  /// Null: there is none.
  const domain::Tenant* tenant() const { return tenant_; }
  void locate() {
    if (user_) user_->locate();
  }
  void approach() {
    if (user_) user_->approach();
  }
  Bearer bearer(const domain::CallFacts& call) const;

 private:
  const domain::Operator& asker_;
  const domain::Tenant* tenant_;
  std::optional<View::Tables::UserSearch> user_;
};
/// The same in a tenant that was found for the asker; null: there is none.
Bearer bearer_in(const View& view, const domain::Operator& asker, const domain::Tenant* tenant,
                 std::string_view username, const domain::CallFacts& call);

/// What stops the bearer, or else what its grants say, within what the key is for (C8).
domain::Verdict check(const Bearer& bearer, const domain::Question& question,
                      const domain::CallFacts& call);
/// The same of many questions, about so many, of a bearer whom nothing stops. All outlive it.
domain::Authorizer authorizer_of(const Bearer& bearer, const domain::CallFacts& call,
                                 std::size_t questions);
/// The same of a question that was read in the bearer's tenant; null: there is none.
domain::Verdict check(const Bearer& bearer, const domain::ReadQuestion* question,
                      const domain::CallFacts& call);

}  // namespace postern::view
