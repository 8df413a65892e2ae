// H11: a guarded message takes away nothing that was used, and denies no call that was recorded.
#include <boost/test/unit_test.hpp>
#include <functional>

#include "daemon/domain/message.h"
#include "daemon/domain/roles.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::support;
using domain::Evidence;
using domain::RecordedCall;

namespace {

using Commands = std::vector<schema::CommandT>;

template <class Body>
schema::CommandT of_role(std::string role, Body body = {}) {
  body.role = std::move(role);
  return command(std::move(body));
}

template <class Body>
schema::CommandT member(std::string username, std::string role) {
  schema::CommandT made = of_role<Body>(std::move(role));
  made.user = std::move(username);
  return made;
}

template <class Body>
schema::CommandT grant_of_role(std::string role, std::string resource) {
  Body body;
  body.effect = schema::Effect::allow;
  body.action = "read";
  body.resource = std::move(resource);
  return of_role(std::move(role), std::move(body));
}

schema::CommandT nest(bool nested) {
  if (!nested) {
    schema::UnnestRoleT body;
    body.role = "chief";
    body.inner = "clerk";
    return command(std::move(body));
  }
  schema::NestRoleT body;
  body.role = "chief";
  body.inner = "clerk";
  return command(std::move(body));
}

schema::CommandT remove(std::string username, std::string resource) {
  schema::RemoveGrantT body;
  body.effect = schema::Effect::allow;
  body.action = "read";
  body.resource = std::move(resource);
  return to(std::move(username), std::move(body));
}

template <class Body>
schema::CommandT key(Body body) {
  body.name = "till";
  return to("bob", std::move(body));
}

schema::CommandT no_access() { return to("bob", schema::SetApiAccessT()); }

schema::CommandT networks(std::string entry) {
  schema::SetUserSettingsT body;
  body.networks = std::make_unique<schema::NetworksT>();
  body.networks->entries = {std::move(entry)};
  return to("bob", std::move(body));
}

schema::CommandT named_role(std::string name) {
  schema::CreateRoleT body;
  body.name = std::move(name);
  return command(std::move(body));
}

/// What is asked of a message's guard.
schema::GuardT unused() {
  schema::GuardT made;
  made.unused = true;
  return made;
}
schema::GuardT days(std::uint16_t count) {
  schema::GuardT made;
  made.days = count;
  return made;
}

/// A tenant in which bob and eve may read, bob by a grant of his own and by roles.
class Guarded {
 public:
  Guarded() {
    story_.given(tenant("acme"), user("bob", "Corr3ct-horse"), user("eve"),
                 allow("bob", "read", "table/a"), allow("bob", "read", "table/b"),
                 allow("eve", "read", "table/a"), named_role("clerk"), named_role("chief"),
                 grant_of_role<schema::AddRoleGrantT>("clerk", "table/c"),
                 grant_of_role<schema::AddRoleGrantT>("clerk", "table/d"), nest(true),
                 member<schema::AssignRoleT>("bob", "chief"), key(schema::CreateKeyT()));
    story_.world().replay_into(state_);
  }

  const domain::State& state() const { return state_; }
  const domain::User& user_of(const std::string& name) const { return story_.user(name); }

  /// The grant of bob's, or of the role that is named.
  domain::UseOfGrant grant_on(const std::string& resource, const std::string& role = {}) const {
    const domain::Grants& grants = role.empty() ? *story_.user("bob").grants
                                                : *domain::find_role(story_.tenant(), role)->grants;
    for (const domain::Grant& grant : grants.sorted())
      if (*grant.resource == resource)
        return {grant.seq, static_cast<std::uint16_t>(grant.index), 1'000, 1};
    throw std::runtime_error("no such grant");
  }

  /// Bob was used, since the journal's last record of it.
  void use(std::function<void(domain::UseSum&)> edit) {
    domain::UseSum& sum = evidence.unrecorded[user_of("bob").id];
    sum.first_ns = sum.last_ns = 1'000;
    edit(sum);
  }

  RecordedCall call(std::string resource, const std::string& username = "bob") {
    RecordedCall made;
    made.user = user_of(username).id;
    made.time_ns = 5'000;
    made.action = "read";
    made.resource = std::move(resource);
    made.address = domain::parse_address("10.1.2.3");
    return evidence.calls.emplace_back(std::move(made));
  }

  /// Its problems' codes. The state is as before.
  std::vector<Code> send(const schema::GuardT& guard, const Commands& commands) {
    schema::CommandMessageT message = story_.message(commands);
    message.guard = std::make_unique<schema::GuardT>(guard);
    const Bytes bytes = message_bytes(message);
    const auto& packed = *flatbuffers::GetRoot<schema::CommandMessage>(bytes.data());
    const domain::Operator owner = an_operator(Role::owner);
    std::vector<domain::Material> materials(commands.size());
    const Bytes before = canonical(state_);
    domain::Draft draft =
        domain::decide_message(state_, {state_.time_ns(), &owner, &packed, &evidence}, materials);
    std::vector<Code> codes;
    sentence.clear();
    for (const schema::ProblemT& problem : draft.problems) {
      codes.push_back(problem.code);
      BOOST_TEST(problem.field == "guard", problem.field << ": " << problem.sentence);
      sentence += problem.sentence;
    }
    BOOST_TEST(draft.is_fact() == codes.empty());
    state_.revert(draft.changes);
    BOOST_TEST((canonical(state_) == before));
    return codes;
  }
  Code first(const schema::GuardT& guard, const Commands& commands) {
    const auto codes = send(guard, commands);
    return codes.empty() ? Code::ok : codes.front();
  }

  Evidence evidence;
  std::string sentence;

 private:
  Scenario story_;
  domain::State state_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(guard_tests)

BOOST_FIXTURE_TEST_CASE(H11_what_was_never_used_may_go, Guarded) {
  const Commands all[] = {{remove("bob", "table/a")},
                          {key(schema::RevokeKeyT())},
                          {member<schema::UnassignRoleT>("bob", "chief")},
                          {grant_of_role<schema::RemoveRoleGrantT>("clerk", "table/c")},
                          {nest(false)},
                          {to("bob", schema::DisableUserT())},
                          {to("bob", schema::LockUserT())},
                          {no_access()},
                          {to("bob", schema::TrashUserT()), to("bob", schema::DeleteUserT())},
                          {command(schema::DisableTenantT())}};
  for (const Commands& commands : all) BOOST_TEST(first(unused(), commands) == Code::ok, sentence);
}

BOOST_FIXTURE_TEST_CASE(H11_a_grant_that_was_used_stays, Guarded) {
  use([&](auto& sum) { sum.grants = {grant_on("table/a")}; });
  BOOST_TEST(first(unused(), {remove("bob", "table/a")}) == Code::was_used);
  BOOST_TEST(sentence.find("'bob' used grant") != std::string::npos, sentence);
  BOOST_TEST(first(unused(), {remove("bob", "table/b")}) == Code::ok, sentence);
  BOOST_TEST(first(unused(), {remove("eve", "table/a")}) == Code::ok, sentence);
  BOOST_TEST(first(unused(), {remove("bob", "table/b"), remove("bob", "table/a")}) ==
             Code::was_used);
}

BOOST_FIXTURE_TEST_CASE(H11_beyond_the_uses_that_are_kept_nobody_knows, Guarded) {
  use([&](auto& sum) {
    for (std::uint64_t seq = 1'000; sum.grants.size() < domain::use_grants_max; ++seq)
      sum.grants.push_back({seq, 0, 1'000, 1});
  });
  BOOST_TEST(first(unused(), {remove("bob", "table/a")}) == Code::too_large);
  BOOST_TEST(sentence.find("'bob' has used as many") != std::string::npos, sentence);
  BOOST_TEST(first(unused(), {grant_of_role<schema::RemoveRoleGrantT>("clerk", "table/c")}) ==
             Code::too_large);
  // Nothing of bob's goes.
  BOOST_TEST(first(unused(), {remove("eve", "table/a")}) == Code::ok, sentence);
  use([&](auto& sum) {
    sum.grants.clear();
    for (std::uint64_t number = 1; sum.keys.size() < domain::use_keys_max; ++number)
      sum.keys.push_back({{1, number}, 1'000, 1});
  });
  BOOST_TEST(first(unused(), {key(schema::RevokeKeyT())}) == Code::too_large);
  BOOST_TEST(first(unused(), {remove("bob", "table/a")}) == Code::ok, sentence);
}

BOOST_FIXTURE_TEST_CASE(H11_a_role_that_was_used_stays_whatever_takes_it, Guarded) {
  use([&](auto& sum) { sum.grants = {grant_on("table/c", "clerk")}; });
  BOOST_TEST(first(unused(), {member<schema::UnassignRoleT>("bob", "chief")}) == Code::was_used);
  BOOST_TEST(sentence.find("of role 'clerk'") != std::string::npos, sentence);
  BOOST_TEST(first(unused(), {nest(false)}) == Code::was_used);
  BOOST_TEST(first(unused(), {grant_of_role<schema::RemoveRoleGrantT>("clerk", "table/c")}) ==
             Code::was_used);
  BOOST_TEST(
      first(unused(), {grant_of_role<schema::RemoveRoleGrantT>("clerk", "table/d")}) == Code::ok,
      sentence);
  // He has it another way.
  BOOST_TEST(
      first(unused(), {member<schema::AssignRoleT>("bob", "clerk"), nest(false)}) == Code::ok,
      sentence);
}

BOOST_FIXTURE_TEST_CASE(H11_a_key_that_was_used_stays, Guarded) {
  const Uuid till = domain::extras_of(user_of("bob")).keys.at(0).id;
  use([&](auto& sum) { sum.keys = {{till, 1'000, 1}}; });
  BOOST_TEST(first(unused(), {key(schema::RevokeKeyT())}) == Code::was_used);
  BOOST_TEST(sentence.find("key 'till'") != std::string::npos, sentence);
}

BOOST_FIXTURE_TEST_CASE(H11_a_user_that_was_used_stays_usable, Guarded) {
  use([](auto&) {});
  const Commands all[] = {{to("bob", schema::DisableUserT())},
                          {to("bob", schema::LockUserT())},
                          {no_access()},
                          {to("bob", schema::TrashUserT())},
                          {command(schema::DisableTenantT())}};
  for (const Commands& commands : all) BOOST_TEST(first(unused(), commands) == Code::was_used);
  BOOST_TEST(first(unused(), {to("eve", schema::DisableUserT())}) == Code::ok, sentence);
}

BOOST_FIXTURE_TEST_CASE(H11_a_recorded_call_is_not_denied, Guarded) {
  call("table/a/x");
  BOOST_TEST(first(days(30), {remove("bob", "table/a")}) == Code::would_deny_used);
  BOOST_TEST(sentence.find("'read' on 'table/a/x'") != std::string::npos, sentence);
  BOOST_TEST(sentence.find("no_matching_grant") != std::string::npos, sentence);
  const Commands all[] = {{to("bob", schema::DisableUserT())},
                          {to("bob", schema::LockUserT())},
                          {no_access()},
                          {networks("192.0.2.0/24")},
                          {deny("bob", "read", "table/a/x")},
                          {deny("bob", "read", "table/a/x/y")},
                          {command(schema::DisableTenantT())}};
  for (const Commands& commands : all)
    BOOST_TEST(first(days(30), commands) == Code::would_deny_used);
}

BOOST_FIXTURE_TEST_CASE(H11_what_denies_no_recorded_call_is_done, Guarded) {
  call("table/a/x");
  BOOST_TEST(first(days(30), {remove("bob", "table/b")}) == Code::ok, sentence);
  BOOST_TEST(first(days(30), {networks("10.0.0.0/8")}) == Code::ok, sentence);
  BOOST_TEST(first(days(30), {to("eve", schema::DisableUserT())}) == Code::ok, sentence);
  // Another grant takes its place in the same message.
  BOOST_TEST(
      first(days(30), {remove("bob", "table/a"), allow("bob", "read", "table/a/x")}) == Code::ok,
      sentence);
  // The guard that was not asked for.
  BOOST_TEST(first(unused(), {remove("bob", "table/a")}) == Code::ok, sentence);
}

BOOST_FIXTURE_TEST_CASE(H11_a_call_that_is_denied_already_forbids_nothing, Guarded) {
  call("table/nothing");
  evidence.calls[0].resource = "table/z";
  BOOST_TEST(first(days(30), {to("bob", schema::DisableUserT())}) == Code::ok, sentence);
}

BOOST_FIXTURE_TEST_CASE(H11_a_call_by_key_or_password_needs_it, Guarded) {
  call("table/a");
  evidence.calls[0].key = domain::extras_of(user_of("bob")).keys.at(0).id;
  BOOST_TEST(first(days(30), {key(schema::RevokeKeyT())}) == Code::would_deny_used);
  evidence.calls.clear();
  call("table/a");
  evidence.calls[0].action.clear();
  evidence.calls[0].by_password = true;
  BOOST_TEST(first(days(30), {key(schema::RevokeKeyT())}) == Code::ok, sentence);
  BOOST_TEST(first(days(30), {to("bob", schema::DisableUserT())}) == Code::would_deny_used);
  BOOST_TEST(sentence.find("authenticated") != std::string::npos, sentence);
}

BOOST_FIXTURE_TEST_CASE(H11_S3_a_session_that_may_be_open_and_was_used_is_not_ended, Guarded) {
  call("table/a");
  RecordedCall& called = evidence.calls[0];
  called.by_token = true;
  called.seq = state().seq();
  called.time_ns = state().time_ns() - 1'000;
  schema::EndSessionsT one;
  one.session = std::make_unique<Uuid>(domain::uuid_v7(state().time_ns() / 1'000'000, {1, 1}));
  const Commands all[] = {{to("bob", schema::EndSessionsT())},
                          {to("bob", std::move(one))},
                          {command(schema::EndTenantSessionsT())}};
  for (const Commands& commands : all) {
    BOOST_TEST(first(days(1), commands) == Code::would_deny_used);
    BOOST_TEST(sentence.find("session_expired") != std::string::npos, sentence);
    // Nobody counts the use of a session.
    BOOST_TEST(first(unused(), commands) == Code::ok, sentence);
  }
  BOOST_TEST(first(days(1), {to("eve", schema::EndSessionsT())}) == Code::ok, sentence);
  // A session is over after a day, whatever happens to it.
  called.time_ns -= std::int64_t{86'400} * 1'000'000'000;
  for (const Commands& commands : all) BOOST_TEST(first(days(30), commands) == Code::ok, sentence);
  called.time_ns = state().time_ns() - 1'000;
  called.by_token = false;
  for (const Commands& commands : all) BOOST_TEST(first(days(30), commands) == Code::ok, sentence);
}

BOOST_FIXTURE_TEST_CASE(H11_the_evidence_that_is_told_is_bounded, Guarded) {
  for (int number = 0; number < 150; ++number) call("table/a/x" + std::to_string(number));
  BOOST_TEST(send(days(30), {remove("bob", "table/a")}).size() == 100u);
}

BOOST_AUTO_TEST_CASE(H11_the_form_of_a_guard) {
  const auto problems = [](const schema::GuardT& guard, std::string alias) {
    schema::CommandMessageT message;
    message.id = std::make_unique<Uuid>(made_id(1));
    message.tenant = std::move(alias);
    message.guard = std::make_unique<schema::GuardT>(guard);
    message.commands.push_back(std::make_unique<schema::CommandT>(no_access()));
    const Bytes bytes = message_bytes(message);
    std::vector<Code> codes;
    for (const auto& problem :
         domain::message_problems(*flatbuffers::GetRoot<schema::CommandMessage>(bytes.data())))
      codes.push_back(problem.code);
    return codes;
  };
  using Codes = std::vector<Code>;
  BOOST_TEST((problems(days(400), "acme") == Codes()));
  BOOST_TEST((problems(days(401), "acme") == Codes{Code::field_malformed}));
  BOOST_TEST((problems({}, "acme") == Codes{Code::field_missing}));
  BOOST_TEST((problems(unused(), "") == Codes{Code::field_missing}));
}

BOOST_AUTO_TEST_SUITE_END()
