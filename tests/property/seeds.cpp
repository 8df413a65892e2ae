#include "tests/property/seeds.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <random>

namespace postern::property {

std::vector<std::uint64_t> seeds(std::size_t count) {
  if (const char* one = std::getenv("POSTERN_SEED")) return {std::stoull(one)};
  if (const char* many = std::getenv("POSTERN_SEED_COUNT")) count = std::stoull(many);
  const std::uint64_t start = std::random_device()();
  BOOST_TEST_MESSAGE("seeds " << start << " to " << start + count - 1);
  std::vector<std::uint64_t> made;
  for (std::size_t place = 0; place < count; ++place) made.push_back(start + place);
  return made;
}

std::string how_to_repeat(std::uint64_t seed) {
  namespace framework = boost::unit_test::framework;
  return "POSTERN_SEED=" + std::to_string(seed) + " " + framework::master_test_suite().argv[0] +
         " --run_test=" + framework::current_test_case().full_name();
}

}  // namespace postern::property
