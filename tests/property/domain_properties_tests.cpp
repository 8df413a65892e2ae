// What holds whatever is commanded: the rules are a function, their events are known, a state is
// what its stored bytes give, what is taken back was never there, and a naive oracle agrees.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <map>
#include <set>

#include "daemon/domain/authorize.h"
#include "tests/property/random_commands.h"
#include "tests/property/seeds.h"
#include "tests/support/oracle.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::property;
using schema::Code;
using support::Bytes;
using support::canonical;

namespace {

constexpr std::size_t everyday_seeds = 150;
constexpr int messages_per_seed = 250;
constexpr int questions_per_message = 8;

/// A world with tenants of random policies, moved by one seed.
struct Run {
  explicit Run(std::uint64_t seed) : random(seed) {
    world.rehashes = seed % 2 == 0;
    const char* aliases[] = {"acme", "other", "third"};
    for (std::uint64_t place = 0; place < std::size(aliases); ++place) {
      const domain::Uuid id{9, place};
      schema::EventT created = random.tenant(aliases[place], id);
      oracle.hear(id, created);
      world.record(id, {created});
    }
  }

  /// One message; what was recorded the oracle hears too.
  support::Outcome step() {
    const schema::CommandMessageT message = random.message(world.state());
    const domain::Operator asker = random.asker(world.state(), message);
    support::Outcome outcome = world.run(message, asker);
    if (!outcome.recorded) return outcome;
    const auto* record = flatbuffers::GetRoot<schema::Record>(world.records().back().data());
    const domain::Uuid tenant = record->tenant() == nullptr ? domain::Uuid() : *record->tenant();
    for (const schema::EventT& event : outcome.events) {
      schema::EventT heard = event;
      // The events that make a user or a tenant name it in their body.
      if (const auto* created = event.body.AsUserCreated())
        heard.user = std::make_unique<domain::Uuid>(*created->user);
      oracle.hear(tenant, heard);
    }
    return outcome;
  }

  RandomCommands random;
  support::World world;
  support::Oracle oracle;
};

template <class Property>
void for_each_seed(Property property) {
  for (const std::uint64_t seed : seeds(everyday_seeds)) {
    BOOST_TEST_CONTEXT("repeat with: " << how_to_repeat(seed)) { property(seed); }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(domain_properties_tests)

BOOST_AUTO_TEST_CASE(deciding_twice_gives_the_same) {
  int decided = 0;
  for_each_seed([&](std::uint64_t seed) {
    Run run(seed);
    run.world.watcher = [&](const schema::Command& command, std::uint32_t index,
                            const domain::Material& material, const domain::Context& context,
                            const domain::Decision& first) {
      ++decided;
      const domain::Decision second =
          domain::decide(run.world.state(), command, index, material, context);
      if (second.events != first.events || second.refusals != first.refusals)
        BOOST_ERROR(schema::EnumNameCommandBody(command.body_type()) << " decided otherwise");
    };
    for (int count = 0; count < messages_per_seed; ++count) run.step();
  });
  BOOST_TEST(decided > messages_per_seed);
}

BOOST_AUTO_TEST_CASE(every_event_that_is_decided_is_known) {
  std::set<schema::EventBody> seen;
  std::map<schema::CommandBody, int> asked;
  for_each_seed([&](std::uint64_t seed) {
    Run run(seed);
    for (int count = 0; count < messages_per_seed; ++count) {
      for (const schema::EventT& event : run.step().events) {
        seen.insert(event.body.type);
        const Bytes bytes = support::packed<schema::Event>(event);
        const auto& packed = *flatbuffers::GetRoot<schema::Event>(bytes.data());
        schema::EventT unpacked;
        packed.UnPackTo(&unpacked);
        if (!domain::is_known(packed) || unpacked != event)
          BOOST_ERROR("not known, or not itself when unpacked: " << event);
      }
    }
    for (const auto& [kind, count] : run.random.counts()) asked[kind] += count;
  });
  if (std::getenv("POSTERN_SEED") != nullptr) return;
  // The vocabulary is whole: a new command or event must find its way into these tests. Those that
  // the generator does not make yet are named here, and come off this list one by one.
  constexpr std::size_t commands_not_made = 20;  // SetTenant to ImportRanges
  constexpr std::size_t events_not_made = 21;    // TenantChanged to RangesImported
  BOOST_TEST(asked.size() + commands_not_made ==
             static_cast<std::size_t>(schema::CommandBody::MAX));
  seen.insert(schema::EventBody::JournalCreated);
  BOOST_TEST(seen.size() + events_not_made == static_cast<std::size_t>(schema::EventBody::MAX));
}

BOOST_AUTO_TEST_CASE(a_state_is_what_its_stored_bytes_give) {
  for_each_seed([](std::uint64_t seed) {
    Run run(seed);
    for (int count = 0; count < messages_per_seed; ++count) run.step();
    domain::State replayed;
    run.world.replay_into(replayed);
    const domain::State& live = run.world.state();
    BOOST_TEST((canonical(replayed) == canonical(live)));
    BOOST_TEST(support::broken_index(replayed) == "");
    BOOST_TEST(replayed.seq() == live.seq());
    BOOST_TEST(replayed.time_ns() == live.time_ns());
    live.tables().for_each_tenant([&](const domain::Tenant& tenant) {
      BOOST_TEST(replayed.tenant_head(tenant.id) == live.tenant_head(tenant.id));
    });
  });
}

BOOST_AUTO_TEST_CASE(what_is_taken_back_was_never_there) {
  int taken_back = 0;
  for_each_seed([&](std::uint64_t seed) {
    Run run(seed);
    for (int count = 0; count < messages_per_seed; ++count) {
      const Bytes before = canonical(run.world.state());
      const domain::Seq seq = run.world.state().seq();
      const support::Outcome outcome = run.step();
      if (support::broken_index(run.world.state()) != "")
        BOOST_ERROR("message " << count << ": " << support::broken_index(run.world.state()));
      if (outcome.recorded) continue;
      ++taken_back;
      if (canonical(run.world.state()) != before || run.world.state().seq() != seq)
        BOOST_ERROR("message " << count << " left something behind");
    }
  });
  BOOST_TEST(taken_back > 0);
}

BOOST_AUTO_TEST_CASE(a_naive_oracle_gives_the_same_answers) {
  std::map<Code, int> answers;
  for_each_seed([&](std::uint64_t seed) {
    Run run(seed);
    const auto& tables = run.world.state().tables();
    for (int count = 0; count < messages_per_seed; ++count) {
      if (!run.step().recorded) continue;
      std::vector<const domain::User*> users;
      tables.for_each_user([&](const domain::User& user) { users.push_back(&user); });
      for (int asked = 0; asked < questions_per_message && !users.empty(); ++asked) {
        const domain::User& user = *users[static_cast<std::size_t>(asked) % users.size()];
        const domain::Tenant& tenant = *tables.find_tenant(user.tenant);
        const RandomQuestion question = run.random.question();
        domain::Verdict verdict;
        verdict.reason = domain::first_stop_before_credential(&tenant, &user, {}).code;
        if (verdict.allowed())
          verdict = domain::authorize(
              tenant, user, {question.action, question.resource, question.this_level_only}, {});
        const support::Oracle::Answer answer =
            run.oracle.ask(user.id, question.action, question.resource, question.this_level_only);
        ++answers[verdict.reason];
        const bool names_one =
            verdict.grant == nullptr
                ? answer.grants.empty()
                : std::ranges::count(answer.grants, *verdict.grant->resource) > 0;
        if (verdict.reason != answer.reason || !names_one)
          BOOST_ERROR("message " << count << ", " << question.action << " on " << question.resource
                                 << ": " << verdict.reason << ", the oracle says "
                                 << answer.reason);
      }
    }
  });
  if (std::getenv("POSTERN_SEED") != nullptr) return;
  for (const Code code :
       {Code::ok, Code::tenant_disabled, Code::user_locked, Code::user_not_active,
        Code::api_access_not_allowed, Code::resource_malformed, Code::unknown_resource,
        Code::denied_by_grant, Code::denied_below, Code::no_matching_grant})
    BOOST_TEST(answers[code] > 0, "no answer was " << code);
}

BOOST_AUTO_TEST_SUITE_END()
