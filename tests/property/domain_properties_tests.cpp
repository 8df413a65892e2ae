// What holds whatever is commanded: the rules are a function, their events are known, a state is
// what its stored bytes give, and what is taken back was never there.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <map>
#include <set>

#include "tests/property/random_run.h"
#include "tests/support/scenario.h"

using namespace postern;
using namespace postern::property;
using support::Bytes;
using support::canonical;

namespace {

constexpr std::size_t everyday_seeds = 150;
constexpr int messages_per_seed = 250;

template <class Property>
bool for_each_seed(Property property) {
  return property::for_each_seed(everyday_seeds, property);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(domain_properties_tests)

BOOST_AUTO_TEST_CASE(deciding_twice_gives_the_same) {
  int decided = 0;
  for_each_seed([&](std::uint64_t seed) {
    Run run(seed);
    run.world.watcher = [&](const schema::Command& command, std::uint32_t index,
                            const domain::Material& material, const domain::Context& context,
                            const support::Decision& first) {
      ++decided;
      const support::Decision second =
          support::decide(run.world.state(), command, index, material, context);
      if (second.events != first.events || second.refusals != first.refusals)
        BOOST_ERROR(schema::EnumNameCommandBody(command.body_type()) << " decided otherwise");
    };
    for (int count = 0; count < messages_per_seed; ++count) run.step();
  });
  BOOST_TEST(decided > messages_per_seed);
}

BOOST_AUTO_TEST_CASE(every_event_that_is_decided_is_known) {
  for_each_seed([](std::uint64_t seed) {
    Run run(seed);
    for (int count = 0; count < messages_per_seed; ++count) {
      for (const schema::EventT& event : run.step().events) {
        const Bytes bytes = support::packed<schema::Event>(event);
        const auto& packed = *flatbuffers::GetRoot<schema::Event>(bytes.data());
        schema::EventT unpacked;
        packed.UnPackTo(&unpacked);
        if (!domain::is_known(packed) || unpacked != event)
          BOOST_ERROR("not known, or not itself when unpacked: " << event);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(a_state_is_what_its_stored_bytes_give) {
  for_each_seed([](std::uint64_t seed) {
    Run run(seed);
    for (int count = 0; count < messages_per_seed; ++count) run.step();
    const domain::State& live = run.world.state();
    for (const bool tells_all : {true, false}) {
      domain::State replayed;
      run.world.replay_into(replayed, tells_all);
      BOOST_TEST((canonical(replayed) == canonical(live)));
      BOOST_TEST(support::joined(domain::check_invariants(replayed)) == "");
      BOOST_TEST(replayed.seq() == live.seq());
      BOOST_TEST(replayed.time_ns() == live.time_ns());
      BOOST_TEST(replayed.held_role_count() == live.held_role_count());
      live.tables().for_each_tenant([&](const domain::Tenant& tenant) {
        BOOST_TEST(replayed.tenant_head(tenant.id) == live.tenant_head(tenant.id));
      });
    }
  });
}

BOOST_AUTO_TEST_CASE(what_is_taken_back_was_never_there) {
  int taken_back = 0;
  const bool all = for_each_seed([&](std::uint64_t seed) {
    Run run(seed);
    for (int count = 0; count < messages_per_seed; ++count) {
      const Bytes before = canonical(run.world.state());
      const domain::Seq seq = run.world.state().seq();
      const support::Outcome outcome = run.step();
      for (const std::string& problem : domain::check_invariants(run.world.state()))
        BOOST_ERROR("message " << count << ": " << problem);
      if (outcome.recorded) continue;
      ++taken_back;
      if (canonical(run.world.state()) != before || run.world.state().seq() != seq)
        BOOST_ERROR("message " << count << " left something behind");
    }
  });
  if (all) BOOST_TEST(taken_back > 0);
}

BOOST_AUTO_TEST_SUITE_END()
