// H11 through the services: what is asked before a guarded command came is known when it is
// decided.
#include <boost/test/unit_test.hpp>
#include <random>
#include <set>

#include "tests/unit/service/whole_service.h"

namespace postern::support {

namespace {

using schema::Code;
using schema::Role;

constexpr std::int64_t day_ms = std::int64_t{86'400} * 1'000;

template <class Body>
Body grant_on(const std::string& resource) {
  Body body;
  body.effect = schema::Effect::allow;
  body.action = "read";
  body.resource = resource;
  return body;
}

template <class Root>
typename Root::NativeTableType native(const WholeService::Bytes& bytes) {
  typename Root::NativeTableType made;
  flatbuffers::GetRoot<Root>(bytes.data())->UnPackTo(&made);
  return made;
}

class GuardedService : public WholeService {
 public:
  GuardedService() {
    schema::CreateTenantT tenant;
    tenant.alias = "acme";
    run("", "", std::move(tenant));
    for (const char* name : {"bob", "eve"}) {
      schema::CreateUserT user;
      user.username = name;
      user.settings = std::make_unique<schema::UserSettingsT>();
      user.settings->api_logging = std::string(name) == "bob";
      run("acme", "", std::move(user));
    }
  }

  void allow(const std::string& user, const std::string& resource) {
    run("acme", user, grant_on<schema::AddGrantT>(resource));
  }

  /// Whether it was allowed.
  bool check(const std::string& user, const std::string& resource) {
    schema::CheckT body;
    schema::NamedUserT named;
    named.username = user;
    body.credential.Set(std::move(named));
    auto& question = body.questions.emplace_back(std::make_unique<schema::QuestionT>());
    question->action = "read";
    question->resource = resource;
    schema::QueryT query;
    query.tenant = "acme";
    query.body.Set(std::move(body));
    return native<schema::Answer>(ask(std::move(query), "uid:1"))
        .body.AsChecked()
        ->decisions[0]
        ->allowed;
  }

  template <class Body>
  schema::ReceiptT guarded(const schema::GuardT& guard, const std::string& user, Body body,
                           const std::string& sender = "uid:1", bool dry_run = false) {
    schema::CommandMessageT message;
    message.tenant = "acme";
    message.dry_run = dry_run;
    message.guard = std::make_unique<schema::GuardT>(guard);
    auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
    command->user = user;
    command->body.Set(std::move(body));
    return native<schema::Receipt>(send(std::move(message), sender));
  }
};

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

}  // namespace

BOOST_AUTO_TEST_SUITE(guards_tests)

BOOST_FIXTURE_TEST_CASE(H11_a_call_of_a_moment_ago_counts, GuardedService) {
  allow("eve", "table/a");
  allow("eve", "table/b");
  BOOST_TEST(check("eve", "table/a"));
  const auto refused = guarded(unused(), "eve", grant_on<schema::RemoveGrantT>("table/a"));
  BOOST_TEST((refused.code == Code::was_used), schema::EnumNameCode(refused.code));
  BOOST_REQUIRE(refused.problems.size() == 1u);
  BOOST_TEST(refused.problems[0]->sentence.find("'eve' used grant") != std::string::npos,
             refused.problems[0]->sentence);
  BOOST_TEST(check("eve", "table/a"));
  const auto done = guarded(unused(), "eve", grant_on<schema::RemoveGrantT>("table/b"));
  BOOST_TEST((done.code == Code::ok), schema::EnumNameCode(done.code));
}

BOOST_FIXTURE_TEST_CASE(H11_a_recorded_call_counts_for_so_many_days, GuardedService) {
  allow("bob", "table/a");
  BOOST_TEST(check("bob", "table/a/x"));
  clock.advance_ms(10 * day_ms);
  const auto refused = guarded(days(11), "bob", grant_on<schema::RemoveGrantT>("table/a"));
  BOOST_TEST((refused.code == Code::would_deny_used), schema::EnumNameCode(refused.code));
  BOOST_TEST(refused.seq == 0u);
  const auto dry =
      guarded(days(11), "bob", grant_on<schema::RemoveGrantT>("table/a"), "uid:1", true);
  BOOST_TEST((dry.code == Code::would_deny_used), schema::EnumNameCode(dry.code));
  const auto done = guarded(days(9), "bob", grant_on<schema::RemoveGrantT>("table/a"));
  BOOST_TEST((done.code == Code::ok), schema::EnumNameCode(done.code));
  BOOST_TEST(!check("bob", "table/a/x"));
}

BOOST_FIXTURE_TEST_CASE(H11_a_service_sends_no_guard, GuardedService) {
  add_operator("shop", Role::service, 7);
  const auto refused = guarded(unused(), "bob", schema::EndSessionsT(), "uid:7");
  BOOST_TEST((refused.code == Code::not_permitted), schema::EnumNameCode(refused.code));
}

BOOST_FIXTURE_TEST_CASE(H11_O2_a_stranger_learns_nothing_by_a_guard, GuardedService) {
  allow("bob", "table/a");
  BOOST_TEST(check("bob", "table/a"));
  schema::CreateTenantT other;
  other.alias = "other";
  run("", "", std::move(other));
  add_operator("theirs", Role::owner, 8, {"other"});
  for (const auto& guard : {unused(), days(30)}) {
    const auto refused = guarded(guard, "bob", grant_on<schema::RemoveGrantT>("table/a"), "uid:8");
    BOOST_TEST((refused.code == Code::tenant_unknown), schema::EnumNameCode(refused.code));
  }
}

BOOST_FIXTURE_TEST_CASE(H11_a_repeated_message_is_the_same_one, GuardedService) {
  allow("bob", "table/a");
  schema::CommandMessageT message;
  message.id = std::make_unique<schema::Uuid>(fresh_id());
  message.tenant = "acme";
  message.guard = std::make_unique<schema::GuardT>(unused());
  auto& command = message.commands.emplace_back(std::make_unique<schema::CommandT>());
  command->user = "bob";
  command->body.Set(grant_on<schema::RemoveGrantT>("table/a"));
  const auto first = native<schema::Receipt>(send(message, "uid:1"));
  const auto again = native<schema::Receipt>(send(message, "uid:1"));
  BOOST_TEST((first.code == Code::ok));
  BOOST_TEST(again.seq == first.seq);
  BOOST_TEST(again.repeated);
}

BOOST_FIXTURE_TEST_CASE(H11_of_random_calls_and_commands_none_acts_against_a_call_before_it,
                        GuardedService) {
  constexpr int steps = 1'000;
  std::mt19937_64 random(11);
  const std::string users[] = {"bob", "eve"};
  std::set<std::pair<std::string, std::string>> held;
  std::set<std::pair<std::string, std::string>> used;
  int refused_count = 0;
  int done_count = 0;
  for (int step = 0; step < steps; ++step) {
    const std::string user = users[random() % 2];
    const std::string resource = "table/t" + std::to_string(random() % 5);
    const auto one = std::pair(user, resource);
    if (random() % 8 == 0) clock.advance_ms(day_ms / 3);
    if (!held.contains(one)) {
      allow(user, resource);
      held.insert(one);
      used.erase(one);
    } else if (random() % 3 == 0) {
      BOOST_REQUIRE(check(user, resource));
      used.insert(one);
    } else {
      // Bob's calls are recorded, so both guards see them.
      const schema::GuardT guard = user == "bob" && random() % 2 == 0 ? days(400) : unused();
      const auto receipt = guarded(guard, user, grant_on<schema::RemoveGrantT>(resource), "uid:1");
      const bool done = receipt.code == Code::ok;
      // The grant of before is another: a recorded call may be of that one.
      if (guard.days == 0)
        BOOST_REQUIRE_MESSAGE(done != used.contains(one), "step " << step);
      else
        BOOST_REQUIRE_MESSAGE(!(done && used.contains(one)), "step " << step);
      ++(done ? done_count : refused_count);
      // What is refused goes without a guard, so that the next grant begins unused.
      if (!done) run("acme", user, grant_on<schema::RemoveGrantT>(resource));
      held.erase(one);
    }
  }
  BOOST_TEST(refused_count > 100);
  BOOST_TEST(done_count > 100);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
