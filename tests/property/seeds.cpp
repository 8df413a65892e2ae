#include "tests/property/seeds.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <random>

namespace postern::property {

std::vector<std::uint64_t> seeds(std::size_t everyday) {
  if (const char* one = std::getenv("POSTERN_SEED")) return {std::stoull(one)};
  std::size_t count = everyday;
  if (const char* many = std::getenv("POSTERN_SEED_COUNT")) count = std::stoull(many);
  std::vector<std::uint64_t> made;
  for (std::uint64_t seed = 1; seed <= std::min(count, everyday); ++seed) made.push_back(seed);
  if (count <= everyday) return made;
  // Above all everyday ones.
  const std::uint64_t start = (std::uint64_t{1} << 32U) + std::random_device()();
  BOOST_TEST_MESSAGE("seeds 1 to " << everyday << ", then from " << start);
  while (made.size() < count) made.push_back(start + made.size());
  return made;
}

bool cover_everyday(const std::vector<std::uint64_t>& seeds, std::size_t everyday) {
  return seeds.size() >= everyday && seeds.front() == 1;
}

std::string how_to_repeat(std::uint64_t seed) {
  namespace framework = boost::unit_test::framework;
  return "POSTERN_SEED=" + std::to_string(seed) + " " + framework::master_test_suite().argv[0] +
         " --run_test=" + framework::current_test_case().full_name();
}

}  // namespace postern::property
