#include "tests/support/scenario.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "flatbuffers/minireflect.h"
#include "tests/support/asked_both_ways.h"

namespace postern::schema {

std::ostream& operator<<(std::ostream& out, Code value) { return out << EnumNameCode(value); }

std::ostream& operator<<(std::ostream& out, UserStatus value) {
  return out << EnumNameUserStatus(value);
}

std::ostream& operator<<(std::ostream& out, LockCause value) {
  return out << EnumNameLockCause(value);
}

std::ostream& operator<<(std::ostream& out, Role value) { return out << EnumNameRole(value); }

std::ostream& operator<<(std::ostream& out, const Uuid& value) {
  return out << value.high() << '-' << value.low();
}

std::ostream& operator<<(std::ostream& out, const EventT& value) {
  const support::Bytes bytes = support::packed<Event>(value);
  return out << flatbuffers::FlatBufferToString(bytes.data(), EventTypeTable());
}

}  // namespace postern::schema

namespace postern::support {

using schema::CommandBody;

// ---- commands

schema::CommandT tenant(std::string alias) {
  schema::CreateTenantT body;
  body.alias = std::move(alias);
  return command(std::move(body));
}

schema::CommandT user(std::string username, std::string password) {
  schema::CreateUserT body;
  body.username = std::move(username);
  body.password = std::move(password);
  return command(std::move(body));
}

schema::CommandT reset(std::string username, std::string password) {
  schema::ResetPasswordT body;
  body.password = std::move(password);
  return to(std::move(username), std::move(body));
}

schema::CommandT change(std::string username, std::string current, std::string password) {
  schema::ChangePasswordT body;
  body.current_password = std::move(current);
  body.password = std::move(password);
  return to(std::move(username), std::move(body));
}

schema::CommandT attempt(std::string username, bool succeeded) {
  schema::RecordAttemptT body;
  body.succeeded = succeeded;
  body.service = std::make_unique<Uuid>(an_operator(Role::service).id);
  return to(std::move(username), std::move(body));
}

static schema::CommandT grant(std::string username, schema::Effect effect, std::string action,
                              std::string resource) {
  schema::AddGrantT body;
  body.effect = effect;
  body.action = std::move(action);
  body.resource = std::move(resource);
  return to(std::move(username), std::move(body));
}

schema::CommandT allow(std::string username, std::string action, std::string resource) {
  return grant(std::move(username), schema::Effect::allow, std::move(action), std::move(resource));
}

schema::CommandT deny(std::string username, std::string action, std::string resource) {
  return grant(std::move(username), schema::Effect::deny, std::move(action), std::move(resource));
}

std::unique_ptr<schema::OperatorStandingT> standing(std::uint8_t key,
                                                    std::vector<std::string> aliases) {
  auto made = std::make_unique<schema::OperatorStandingT>();
  made->keys.push_back(std::make_unique<schema::PublicKeyT>());
  made->keys.back()->bytes.assign(32, key);
  made->all_tenants = aliases.empty();
  made->tenants = std::move(aliases);
  return made;
}

schema::CommandT add_operator(std::string name, Role role, std::uint8_t key,
                              std::vector<std::string> aliases) {
  schema::AddOperatorT body;
  body.name = std::move(name);
  body.role = role;
  body.standing = standing(key, std::move(aliases));
  return command(std::move(body));
}

schema::CommandT with_version(schema::CommandT command, std::uint64_t expected) {
  command.expected_version = expected;
  return command;
}

// ---- events

Expected moved(std::string username, UserStatus from, UserStatus to) {
  schema::UserStatusChangedT body;
  body.from = from;
  body.to = to;
  return about(std::move(username), body);
}

Expected locked(std::string username, LockCause cause) {
  schema::UserLockedT body;
  body.cause = cause;
  return about(std::move(username), body);
}

Expected unlocked(std::string username, std::vector<LockCause> causes) {
  schema::UserUnlockedT body;
  body.causes = std::move(causes);
  return about(std::move(username), std::move(body));
}

Expected failed(std::string username, unsigned failures) {
  schema::PasswordFailedT body;
  body.failures = failures;
  body.service = std::make_unique<Uuid>(an_operator(Role::service).id);
  return about(std::move(username), std::move(body));
}

// ---- the story

Scenario::~Scenario() {
  if (world_ == nullptr) return;
  domain::State replayed;
  world_->replay_into(replayed);
  BOOST_TEST((canonical(replayed) == canonical(state())), "stored bytes give the same state");
  BOOST_TEST(joined(domain::check_indexes(state())) == "");
}

void Scenario::give(const schema::CommandT& command) {
  send(message({command}));
  for (const schema::ProblemT& problem : outcome_.refusals)
    BOOST_FAIL("given what is refused: " << problem.sentence);
}

Scenario& Scenario::given_facts(std::vector<schema::EventT> events) {
  world_->record(tenant(tenant_).id, std::move(events));
  return *this;
}

Scenario& Scenario::given_policies(schema::PoliciesT policies) {
  schema::TenantCreatedT body;
  body.tenant = std::make_unique<Uuid>(3, 3);
  body.alias = tenant_;
  body.display_name = tenant_;
  body.policies = std::make_unique<schema::PoliciesT>(std::move(policies));
  body.catalogue = domain::as_schema(domain::default_catalogue());
  schema::EventT created;
  created.body.Set(std::move(body));
  world_->record({3, 3}, {created});
  return *this;
}

Scenario& Scenario::by(const domain::Operator& asker) {
  asker_ = std::make_unique<domain::Operator>(asker);
  return *this;
}

Scenario& Scenario::by(std::string_view name) {
  const domain::Operator* found = state().tables().find_operator(name);
  BOOST_REQUIRE(found != nullptr);
  return by(*found);
}

Scenario& Scenario::in(std::string alias) {
  tenant_ = std::move(alias);
  return *this;
}

Scenario& Scenario::rehashing() {
  world_->rehashes = true;
  return *this;
}

/// Commands on operators name no tenant, and one that creates a tenant names its own.
static bool names_no_tenant(const schema::CommandT& command) {
  constexpr CommandBody kinds[] = {CommandBody::CreateTenant, CommandBody::AddOperator,
                                   CommandBody::ChangeOperator, CommandBody::RemoveOperator,
                                   CommandBody::RecordRefusals};
  return std::ranges::find(kinds, command.body.type) != std::end(kinds);
}

schema::CommandMessageT Scenario::message(std::vector<schema::CommandT> commands) const {
  schema::CommandMessageT made;
  made.id = std::make_unique<Uuid>(made_id(world_->records().size()));
  if (!std::ranges::all_of(commands, names_no_tenant)) made.tenant = tenant_;
  for (schema::CommandT& command : commands) {
    auto* found = command.body.AsRecordAttempt();
    const domain::Tenant* acme = state().tables().find_tenant(tenant_);
    const domain::User* target =
        acme == nullptr ? nullptr : state().tables().find_user(acme->id, command.user);
    if (found != nullptr && found->password_seq == 0 && target != nullptr)
      found->password_seq = target->password_seq;
    made.commands.push_back(std::make_unique<schema::CommandT>(std::move(command)));
  }
  return made;
}

domain::Operator Scenario::sender_of(const schema::CommandMessageT& message) const {
  if (asker_ != nullptr) return *asker_;
  const CommandBody kind =
      message.commands.empty() ? CommandBody::NONE : message.commands.front()->body.type;
  if (kind == CommandBody::ChangePassword) return an_operator(Role::service);
  if (kind == CommandBody::RecordAttempt || kind == CommandBody::RecordRefusals)
    return an_operator(Role::daemon);
  return an_operator(Role::owner);
}

Scenario& Scenario::send(const schema::CommandMessageT& message) {
  before_ = canonical(state());
  outcome_ = world_->run(message, sender_of(message));
  return *this;
}

/// The seq of the record with the user's event before that at `place` of the newest record, read
/// from the stored bytes alone; 0: there is none.
std::uint64_t Scenario::link_of(const Uuid& id, std::size_t place) const {
  const auto& records = world_->records();
  std::size_t count = outcome_.recorded ? records.size() : records.size() + 1;
  const auto speaks = [&](const schema::EventT& event) {
    return event.user != nullptr && *event.user == id;
  };
  const auto& newest = outcome_.events;
  if (std::any_of(newest.begin(), newest.begin() + static_cast<long>(place), speaks)) return count;
  while (--count > 0) {
    const auto* record = flatbuffers::GetRoot<schema::Record>(records[count - 1].data());
    for (const schema::Event* event : *record->events())
      if (event->user() != nullptr && *event->user() == id) return count;
  }
  return 0;
}

schema::EventT Scenario::resolved(const Expected& expected, std::size_t place) const {
  schema::EventT made;
  made.body = expected.body;
  if (expected.username.empty()) return made;
  made.user = std::make_unique<Uuid>(user(expected.username).id);
  made.previous_user_seq = link_of(*made.user, place);
  return made;
}

static std::vector<Code> codes_of(const std::vector<schema::ProblemT>& problems) {
  std::vector<Code> codes;
  for (const schema::ProblemT& problem : problems) codes.push_back(problem.code);
  return codes;
}

Scenario& Scenario::check(const std::vector<Code>& codes, const std::vector<Expected>& events,
                          bool recorded) {
  const std::vector<Code> found = codes_of(outcome_.refusals);
  BOOST_TEST(found == codes, boost::test_tools::per_element());
  std::vector<schema::EventT> wanted;
  for (const Expected& expected : events) wanted.push_back(resolved(expected, wanted.size()));
  BOOST_TEST(outcome_.events == wanted, boost::test_tools::per_element());
  BOOST_TEST(outcome_.recorded == (recorded && !events.empty()));
  if (!outcome_.recorded) BOOST_TEST((canonical(state()) == before_), "nothing changed");
  BOOST_TEST(joined(domain::check_invariants(state())) == "");
  return *this;
}

Scenario& Scenario::naming(std::string_view field) {
  const auto& refusals = outcome_.refusals;
  BOOST_TEST((std::ranges::find(refusals, field, &schema::ProblemT::field) != refusals.end()),
             "a refusal names the field " << field);
  return *this;
}

Scenario& Scenario::telling(std::string_view part) {
  const auto tells = [&](const schema::ProblemT& problem) {
    return problem.sentence.find(part) != std::string::npos;
  };
  BOOST_TEST(std::ranges::any_of(outcome_.refusals, tells), "a refusal tells: " << part);
  return *this;
}

const domain::Tenant& Scenario::tenant(std::string_view alias) const {
  const domain::Tenant* found = state().tables().find_tenant(alias);
  BOOST_REQUIRE(found != nullptr);
  return *found;
}

const domain::User& Scenario::user(std::string_view username) const {
  const domain::User* found = nullptr;
  state().tables().for_each_user([&](const domain::User& entry) {
    const bool newer = found == nullptr || found->created_seq < entry.created_seq;
    if (newer && domain::equal_names(entry.username, username)) found = &entry;
  });
  BOOST_REQUIRE(found != nullptr);
  return *found;
}

std::vector<LockCause> Scenario::locks(std::string_view username) const {
  std::vector<LockCause> causes;
  for (const domain::Lock& lock :
       domain::locks_of(tenant(tenant_), user(username), world_->now_ns()))
    causes.push_back(lock.cause);
  return causes;
}

Code Scenario::answer(std::string_view username, std::string_view action, std::string_view resource,
                      bool this_level_only, const std::optional<domain::CallFacts>& call) const {
  const domain::Tenant& acme = tenant(tenant_);
  const domain::User& asked = user(username);
  const domain::CallFacts facts = call ? *call : world_->facts();
  const domain::Stop stop = domain::first_stop_before_credential(&acme, &asked, facts);
  if (stop.code != Code::ok) return stop.code;
  return asked_both_ways(acme, asked, {action, resource, this_level_only}, facts).reason;
}

// ---- the order of refusals

static Outcome outcome_of(const Request& request) {
  Scenario scenario;
  scenario.given_policies(request.policies);
  for (const schema::CommandT& command : request.before) scenario.given(command);
  schema::CommandMessageT message = scenario.message({request.command});
  message.tenant = request.tenant;
  return scenario.by(request.asker).send(message).outcome();
}

static void first_refusal_is(const Request& request, const Flaw& flaw) {
  const Outcome outcome = outcome_of(request);
  BOOST_REQUIRE(!outcome.refusals.empty());
  BOOST_TEST(outcome.refusals.front().code == flaw.code);
  BOOST_TEST(outcome.refusals.front().field == flaw.field);
}

void refuses_in_order(const Request& good, const std::vector<Flaw>& flaws) {
  BOOST_TEST(codes_of(outcome_of(good).refusals).empty());
  Request worse = good;
  for (std::size_t place = flaws.size(); place-- > 0;) {
    BOOST_TEST_CONTEXT("flaw " << place << ": " << flaws[place].code) {
      Request alone = good;
      flaws[place].make(alone);
      first_refusal_is(alone, flaws[place]);
      flaws[place].make(worse);
      first_refusal_is(worse, flaws[place]);
    }
  }
}

std::vector<Flaw> flaws_of_a_tenant() {
  return {
      {Code::field_missing, "tenant", [](Request& request) { request.tenant.clear(); }},
      {Code::tenant_unknown, "tenant", [](Request& request) { request.tenant = "nobody"; }},
      {Code::tenant_unknown, "tenant",
       [](Request& request) {
         request.asker.all_tenants = false;
         request.asker.tenants = {{9, 9}};
       }},
  };
}

std::vector<Flaw> flaws_of_a_user(Code deleted) {
  const std::vector<Flaw> of_the_user = {
      {Code::field_missing, "user",
       [](Request& request) {
         request.command.user.clear();
         request.command.user_id.reset();
       }},
      {Code::user_unknown, "user", [](Request& request) { request.command.user = "nobody"; }},
      {Code::user_unknown, "user",
       [](Request& request) { request.command.user_id = std::make_unique<Uuid>(9, 9); }},
      {Code::not_permitted, "user",
       [](Request& request) {
         request.asker.role = Role::manager;
         request.before.resize(1);
         request.before.front().body.AsCreateUser()->status = UserStatus::new_user;
       }},
      {Code::version_conflict, "expected_version",
       [](Request& request) { request.command.expected_version = 77; }},
      {deleted, "user",
       [](Request& request) {
         request.before.resize(1);
         request.before.push_back(to("bob", schema::TrashUserT()));
         request.before.push_back(to("bob", schema::DeleteUserT()));
         request.command.user.clear();
         request.command.user_id = std::make_unique<Uuid>(made_id(1));
       }},
  };
  return joined(flaws_of_a_tenant(), of_the_user);
}

std::vector<Flaw> joined(std::vector<Flaw> first, const std::vector<Flaw>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace postern::support
