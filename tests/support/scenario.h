// How every test of a rule is told: given(what was), when(what is asked), then(what happens) or
// refused(why). Commands go by whoever would send them, about the tenant `acme`, unless told
// otherwise. Each call of `when` is one message. At its end a scenario checks law 4: its stored
// bytes give the same state again.
#pragma once

#include <initializer_list>
#include <iosfwd>
#include <memory>

#include "daemon/domain/authorize.h"
#include "tests/support/world.h"

namespace postern::schema {

std::ostream& operator<<(std::ostream& out, Code value);
std::ostream& operator<<(std::ostream& out, UserStatus value);
std::ostream& operator<<(std::ostream& out, LockCause value);
std::ostream& operator<<(std::ostream& out, Role value);
std::ostream& operator<<(std::ostream& out, const Uuid& value);
std::ostream& operator<<(std::ostream& out, const EventT& value);

}  // namespace postern::schema

namespace postern::support {

using schema::Code;
using schema::LockCause;
using schema::Role;
using schema::UserStatus;

// ---- commands

template <class Body>
schema::CommandT command(Body body) {
  schema::CommandT made;
  made.body.Set(std::move(body));
  return made;
}

/// A command about the user of this name.
template <class Body>
schema::CommandT to(std::string username, Body body) {
  schema::CommandT made = command(std::move(body));
  made.user = std::move(username);
  return made;
}

schema::CommandT tenant(std::string alias);
schema::CommandT user(std::string username, std::string password = {});
schema::CommandT reset(std::string username, std::string password);
/// C3: a user's own change.
schema::CommandT change(std::string username, std::string current, std::string password);
/// C5: what a check of the password in force found.
schema::CommandT attempt(std::string username, bool succeeded);
schema::CommandT allow(std::string username, std::string action, std::string resource);
schema::CommandT deny(std::string username, std::string action, std::string resource);
/// An operator who connects with a key made of this byte; no aliases: all tenants.
schema::CommandT add_operator(std::string name, Role role, std::uint8_t key,
                              std::vector<std::string> aliases = {});
schema::CommandT with_version(schema::CommandT command, std::uint64_t expected);

std::unique_ptr<schema::OperatorStandingT> standing(std::uint8_t key,
                                                    std::vector<std::string> aliases = {});

// ---- events

/// An event as a test expects it; the scenario adds the user's id and link.
struct Expected {
  std::string username;
  schema::EventBodyUnion body;
};

template <class Body>
Expected event(Body body) {
  Expected made;
  made.body.Set(std::move(body));
  return made;
}

template <class Body>
Expected about(std::string username, Body body) {
  Expected made = event(std::move(body));
  made.username = std::move(username);
  return made;
}

Expected moved(std::string username, UserStatus from, UserStatus to);
Expected locked(std::string username, LockCause cause);
Expected unlocked(std::string username, std::vector<LockCause> causes);
Expected failed(std::string username, unsigned failures);

// ---- the story

class Scenario {
 public:
  Scenario() : world_(std::make_unique<World>()) {}
  Scenario(Scenario&&) = default;
  ~Scenario();

  /// Each command in a message of its own, none refused.
  template <class... Commands>
  Scenario& given(const Commands&... commands) {
    (give(commands), ...);
    return *this;
  }
  /// Facts of the tenant that no command causes, in one record.
  Scenario& given_facts(std::vector<schema::EventT> events);
  /// A tenant `acme` with these policies.
  Scenario& given_policies(schema::PoliciesT policies);

  /// Who sends all further messages.
  Scenario& by(const domain::Operator& asker);
  Scenario& by(Role role) { return by(an_operator(role)); }
  /// An operator the journal knows.
  Scenario& by(std::string_view name);
  /// The tenant all further messages name.
  Scenario& in(std::string alias);
  /// C4: right passwords are hashed again.
  Scenario& rehashing();

  template <class... Commands>
  Scenario& when(const Commands&... commands) {
    return send(message({commands...}));
  }
  Scenario& send(const schema::CommandMessageT& message);
  /// A message of these commands, as `when` would send it.
  schema::CommandMessageT message(std::vector<schema::CommandT> commands) const;

  /// Exactly these events, and no refusal.
  template <class... Events>
  Scenario& then(const Events&... events) {
    return check({}, {events...}, true);
  }
  /// Exactly these refusals, and nothing changed.
  template <class... Codes>
  Scenario& refused(Codes... codes) {
    return check({codes...}, {}, false);
  }
  /// A refusal that is itself a fact.
  template <class... Events>
  Scenario& refused_and_recorded(Code code, const Events&... events) {
    return check({code}, {events...}, true);
  }
  /// K4: exactly these events would happen, and none did.
  template <class... Events>
  Scenario& would(const Events&... events) {
    return check({}, {events...}, false);
  }

  /// Of the last message's refusals, one names this field, one tells this.
  Scenario& naming(std::string_view field);
  Scenario& telling(std::string_view part);

  const Outcome& outcome() const { return outcome_; }
  World& world() { return *world_; }
  const domain::State& state() const { return world_->state(); }
  const domain::Tenant& tenant(std::string_view alias = "acme") const;
  /// The newest user who was created with this name, deleted or not.
  const domain::User& user(std::string_view username) const;
  std::vector<LockCause> locks(std::string_view username) const;

  /// The answer to a question by name: `ok` or the first reason against it.
  Code answer(std::string_view username, std::string_view action, std::string_view resource,
              bool this_level_only = false, const domain::CallFacts& call = {}) const;

 private:
  void give(const schema::CommandT& command);
  domain::Operator sender_of(const schema::CommandMessageT& message) const;
  Scenario& check(const std::vector<Code>& codes, const std::vector<Expected>& events,
                  bool recorded);
  schema::EventT resolved(const Expected& expected, std::size_t place) const;
  std::uint64_t link_of(const Uuid& id, std::size_t place) const;

  std::unique_ptr<World> world_;
  std::unique_ptr<domain::Operator> asker_;
  std::string tenant_ = "acme";
  Outcome outcome_;
  Bytes before_;
};

template <class... Commands>
Scenario given(const Commands&... commands) {
  Scenario made;
  made.given(commands...);
  return made;
}

// ---- the order of refusals

/// A message that would be accepted, and what was before it.
struct Request {
  std::vector<schema::CommandT> before;
  domain::Operator asker;
  std::string tenant = "acme";
  schema::CommandT command;
  schema::PoliciesT policies;
};

/// One thing that makes it refused.
struct Flaw {
  Code code;
  std::string field;
  std::function<void(Request&)> make;
};

/// The request is accepted as it is; each flaw alone is named first; of several, the one that
/// stands earlier in the table.
void refuses_in_order(const Request& good, const std::vector<Flaw>& flaws);

/// What is refused alike by every command about a tenant.
std::vector<Flaw> flaws_of_a_tenant();
/// What is refused alike by every command about the user `bob`, whom `before` creates first;
/// `deleted`: the code for one who is deleted.
std::vector<Flaw> flaws_of_a_user(Code deleted);
std::vector<Flaw> joined(std::vector<Flaw> first, const std::vector<Flaw>& second);

}  // namespace postern::support
