// Safety under trouble, progress in calm, whatever the seed; and proof that the simulation would
// see a daemon that lies.
#include <boost/test/unit_test.hpp>

#include "tests/property/seeds.h"
#include "tests/simulation/simulation.h"

namespace postern::simulation {

namespace {

/// Every so manyth seed runs over the daemon's own journal, which is slower.
constexpr std::uint64_t leveldb_every = 10;
constexpr std::size_t everyday_seeds = 500;
/// A broken guard must be seen within so many.
constexpr std::uint64_t canary_seeds = 60;

Plan plan_of(std::uint64_t seed) { return {seed, seed % leveldb_every == 0}; }

void check(std::uint64_t seed, Tally& sum) {
  Simulation simulation(plan_of(seed));
  for (const std::string& finding : simulation.run())
    BOOST_ERROR(finding << "\nrepeat with: " << property::how_to_repeat(seed));
  const Tally& tally = simulation.tally();
  sum.records += tally.records;
  sum.receipts += tally.receipts;
  sum.repeated += tally.repeated;
  sum.allowed += tally.allowed;
  sum.denied += tally.denied;
  sum.power_cuts += tally.power_cuts;
  sum.disk_faults += tally.disk_faults;
  sum.appends_beside += tally.appends_beside;
  sum.clock_jumps += tally.clock_jumps;
  sum.clock_suspect += tally.clock_suspect;
  sum.ids_expired += tally.ids_expired;
}

/// What is found with a guard switched off; the seeds are always the same.
std::string found_with(const Broken& broken, bool on_leveldb = false) {
  for (std::uint64_t seed = 1; seed <= canary_seeds; ++seed) {
    Simulation simulation({seed, on_leveldb, broken});
    const Findings& findings = simulation.run();
    if (!findings.empty()) return findings.front();
  }
  return "nothing";
}

bool begins(const std::string& found, const std::string& rule) { return found.starts_with(rule); }

}  // namespace

BOOST_AUTO_TEST_SUITE(simulation_tests)

BOOST_AUTO_TEST_CASE(whatever_happens_nothing_wrong_is_told_and_all_comes_to_its_end) {
  const auto seeds = property::seeds(everyday_seeds);
  Tally sum;
  for (const std::uint64_t seed : seeds) check(seed, sum);
  BOOST_TEST_MESSAGE(seeds.size() << " seeds: " << sum.records << " records, " << sum.receipts
                                  << " receipts, " << sum.repeated << " of them repeated; "
                                  << sum.allowed << " allowed, " << sum.denied << " denied; "
                                  << sum.power_cuts << " power cuts, " << sum.disk_faults
                                  << " disk faults, " << sum.appends_beside << " appends beside, "
                                  << sum.clock_jumps << " clock jumps, " << sum.clock_suspect
                                  << " commands refused in them, " << sum.ids_expired
                                  << " ids expired");
  if (!property::cover_everyday(seeds, everyday_seeds)) return;
  BOOST_TEST(sum.repeated > 0);
  BOOST_TEST(sum.allowed > 0);
  BOOST_TEST(sum.denied > 0);
  BOOST_TEST(sum.power_cuts > 0);
  BOOST_TEST(sum.disk_faults > 0);
  BOOST_TEST(sum.appends_beside > 0);
  BOOST_TEST(sum.clock_jumps > 0);
  BOOST_TEST(sum.clock_suspect > 0);
  BOOST_TEST(sum.ids_expired > 0);
}

BOOST_AUTO_TEST_CASE(one_seed_fixes_everything) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    Simulation first({seed});
    Simulation second({seed});
    BOOST_TEST(first.run().empty());
    BOOST_TEST(second.run().empty());
    BOOST_TEST((first.root() == second.root()));
    BOOST_TEST(first.tally().receipts == second.tally().receipts);
  }
}

BOOST_AUTO_TEST_CASE(K5_a_disk_that_forgets_is_seen) {
  const std::string found = found_with({.disk_forgets = true});
  BOOST_TEST(begins(found, "K5:"), found);
}

BOOST_AUTO_TEST_CASE(K5_a_disk_that_forgets_is_seen_under_leveldb) {
  const std::string found = found_with({.disk_forgets = true}, true);
  BOOST_TEST((begins(found, "K5:") || begins(found, "H6:")), found);
}

BOOST_AUTO_TEST_CASE(K1_a_start_that_forgets_the_ids_is_seen) {
  const std::string found = found_with({.ids_are_forgotten = true});
  BOOST_TEST(begins(found, "K1:"), found);
}

BOOST_AUTO_TEST_CASE(K5_a_receipt_that_runs_ahead_is_seen) {
  const std::string found = found_with({.receipts_run_ahead = true});
  BOOST_TEST((begins(found, "K5:") || begins(found, "U9:") || begins(found, "S2:")), found);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::simulation
