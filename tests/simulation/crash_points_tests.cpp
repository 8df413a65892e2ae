// K5: the daemon's writer under commands of every kind, and at each operation on its disk every
// state that a power cut may leave: what was acknowledged is there, what was not is whole or
// absent.
#include <boost/test/unit_test.hpp>

#include "tests/property/seeds.h"
#include "tests/simulation/simulation.h"

namespace postern::simulation {

namespace {

constexpr std::size_t commands = 1'000;
constexpr std::size_t torn_at_each = 12;

}  // namespace

BOOST_AUTO_TEST_SUITE(crash_points_tests)

BOOST_AUTO_TEST_CASE(K5_at_no_moment_does_a_power_cut_lose_what_the_writer_acknowledged) {
  for (const std::uint64_t seed : property::seeds(1)) {
    Simulation simulation({.seed = seed, .on_leveldb = true});
    for (const std::string& finding : simulation.run_through_crashes(commands, torn_at_each))
      BOOST_ERROR(finding << "\nrepeat with: " << property::how_to_repeat(seed));
    const CrashTally& crashes = simulation.crashes();
    BOOST_TEST_MESSAGE(simulation.tally().receipts
                       << " commands: " << crashes.states << " states at " << crashes.moments
                       << " moments, " << crashes.torn << " of them with something not synced");
    BOOST_TEST(crashes.torn > 20U);
    BOOST_TEST(crashes.states > crashes.torn * torn_at_each);
  }
}

// The canary: a disk that says it has kept what it has not.
BOOST_AUTO_TEST_CASE(K5_with_syncs_that_lie_the_same_harness_finds_losses) {
  Simulation simulation({.seed = 1, .on_leveldb = true, .broken = {.disk_forgets = true}});
  const Findings& findings = simulation.run_through_crashes(60, 2);
  BOOST_REQUIRE(!findings.empty());
  BOOST_TEST(findings.front().starts_with("K5:"), findings.front());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::simulation
