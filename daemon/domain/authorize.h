// The decision: may this user do this now? One ladder of stops in the order of refusal, walked to
// the first stop for an answer and to the end for an explanation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/domain/access.h"
#include "daemon/domain/catalogue.h"
#include "daemon/domain/entries.h"
#include "daemon/domain/roles.h"

namespace postern::domain {

/// Who holds grants: the user itself, one of its roles, or a role within that.
struct GrantHolder {
  const Grants& grants;
  /// Null: the user itself.
  const NamedRole* role = nullptr;
  /// Which of the user's roles it is or lies within, from 1.
  std::size_t by_way_of = 0;

  /// The name of the role; null: the user itself.
  const std::string* role_name() const { return role == nullptr ? nullptr : &role->name; }
};

/// The roles that a user holds from this one on, each with those within it that none before has.
std::vector<GrantHolder> roles_held(const Tenant& tenant, const User& user, std::size_t from = 0);

/// The user, then each of its roles with those within; none twice.
template <class Visitor>
void visit_holders(const Tenant& tenant, const User& user, Visitor visit) {
  visit(GrantHolder{*user.grants});
  if (user.extras == nullptr) return;
  const std::vector<RoleHeld>& roles = user.extras->roles;
  for (std::size_t place = 0; place < roles.size(); ++place) {
    const NamedRole* role = find_role(tenant, roles[place].role);
    if (role == nullptr) continue;
    if (!role->inner.empty()) {
      for (const GrantHolder& held : roles_held(tenant, user, place)) visit(held);
      return;
    }
    visit(GrantHolder{*role->grants, role, place + 1});
  }
}

struct Question {
  std::string_view action;
  std::string_view resource;
  bool this_level_only = false;
};

/// A question as its text and the tenant's catalogue make it: what can be found out before it is
/// known who asks. What it was made of outlives it.
class ReadQuestion {
 public:
  ReadQuestion(const Tenant& tenant, const Question& question);
  /// For `Authorizer`, beside which it is defined.
  inline ReadQuestion(CatalogueFinder& known, const Question& question);
  ReadQuestion(const ReadQuestion&) = delete;
  ReadQuestion& operator=(const ReadQuestion&) = delete;

  const Question& text() const { return text_; }
  /// What stops it whoever asks; ok: nothing.
  schema::Code form() const { return form_; }
  /// What to ask of grants where nothing does.
  const AccessRequest& asked() const { return asked_; }

 private:
  /// What is known is asked for kinds and actions.
  template <class Known>
  schema::Code read(Known&& known);

  Question text_;
  AccessRequest asked_;
  PathLevels levels_;
  schema::Code form_;
};

/// One reason for a denial, with the record that caused it (0: none did) and the grant, where one
/// did.
struct Stop {
  schema::Code code = schema::Code::ok;
  Seq seq = 0;
  GrantPointer grant = nullptr;
  /// A8: the role that holds the grant; null: the user itself.
  const std::string* role = nullptr;
  /// A9: of the grant.
  const Conditions* conditions = nullptr;
  /// N1, N2: the list that stops; null: it is another stop, or that there is none.
  const NetworkList* networks = nullptr;
};

/// A10. `reason` is ok exactly where the question is allowed.
struct Verdict {
  schema::Code reason = schema::Code::ok;
  GrantPointer grant = nullptr;
  /// As in Stop.
  const std::string* role = nullptr;
  const Conditions* conditions = nullptr;
  /// How much was looked at to find it: grants and steps of searches. Long questions are answered
  /// in slices by this.
  std::size_t work = 0;

  bool allowed() const { return reason == schema::Code::ok; }
};

/// The stops that come before the credential: tenant, channel, lock, status, API access, network,
/// transport. Null user: nobody has the name, which is `invalid_credentials`, before all. Code ok:
/// nothing stops it.
Stop first_stop_before_credential(const Tenant* tenant, const User* user, const CallFacts& call);
/// Its code alone.
schema::Code first_code_before_credential(const Tenant* tenant, const User* user,
                                          const CallFacts& call);

/// The same without network and transport, for a password: that brings no call, or was let through
/// before.
Stop first_stop_of_standing(const Tenant* tenant, const User* user, std::int64_t now_ns);

/// N1 to N4: whether the rules on addresses let the call through.
bool network_allowed(const Tenant& tenant, const User& user, const CallFacts& call);

/// C8: whether a key that is narrowed to these parts may be used for the question; without parts it
/// may.
bool lies_within(std::span<const Narrowing> parts, const Question& question);

/// What the user's grants and those of its roles say: a deny of any beats every allow. Of denies
/// the first in the order of paths is named, whoever holds it, of allows the most specific. Outside
/// the parts of a key no allow counts, met or not. The stops before it have been asked.
Verdict authorize(const Tenant& tenant, const User& user, const ReadQuestion& question,
                  const CallFacts& call, std::span<const Narrowing> parts = {});
Verdict authorize(const Tenant& tenant, const User& user, const Question& question,
                  const CallFacts& call, std::span<const Narrowing> parts = {});

/// The same for many questions about one user in one call: what is the same for all is looked up
/// once. All that it is made of outlives it.
class Authorizer {
 public:
  /// `questions`: about how many there will be.
  Authorizer(const Tenant& tenant, const User& user, const CallFacts& call,
             std::span<const Narrowing> parts, std::size_t questions);
  Authorizer(const Authorizer&) = delete;
  Authorizer& operator=(const Authorizer&) = delete;

  Verdict authorize(const Question& question);

 private:
  const Tenant& tenant_;
  const User& user_;
  const CallFacts& call_;
  std::span<const Narrowing> parts_;
  CatalogueFinder known_;
  /// Of the user's own grants; nothing: it would not be worth while.
  std::optional<MarkIndex> marks_;
};

/// What a session is dead of, if it is (S1, S2); the stops before the credential have been asked.
/// `key`: the one that it was made with, null if the user no longer has it.
struct SessionFacts {
  Uuid session;
  bool by_key = false;
  const ApiKey* key = nullptr;
  std::int64_t expires_ns = 0;
  Seq user_epoch = 0;
  Seq tenant_epoch = 0;
};
bool is_open(const SessionFacts& session, const Tenant& tenant, const User& user,
             std::int64_t now_ns);

/// S1: how long a session may be without a renewal, and until when with all of them.
std::int64_t session_timeout_ns(const Tenant& tenant, const User& user);
std::int64_t session_end_ns(const Tenant& tenant, std::int64_t first_ns);

/// Q5: every stop that applies, in order; the first is what authorize names. Null question: those
/// before one.
std::vector<Stop> all_stops(const Tenant* tenant, const User* user, const CallFacts& call,
                            const Question* question);

}  // namespace postern::domain
