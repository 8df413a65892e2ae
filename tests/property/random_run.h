// A world with tenants of random policies, moved by one seed.
#pragma once

#include <boost/test/unit_test.hpp>

#include "tests/property/random_commands.h"
#include "tests/property/seeds.h"

namespace postern::property {

struct Run {
  explicit Run(std::uint64_t seed) : random(seed) {
    world.rehashes = seed % 2 == 0;
    const char* aliases[] = {"acme", "other", "third"};
    for (std::uint64_t place = 0; place < std::size(aliases); ++place) {
      const domain::Uuid id{9, place};
      world.record(id, {random.tenant(aliases[place], id)});
    }
  }

  support::Outcome step() {
    const schema::CommandMessageT message = random.message(world.state());
    return world.run(message, random.asker(world.state(), message));
  }

  RandomCommands random;
  support::World world;
};

/// Whether all everyday seeds were among them.
template <class Property>
bool for_each_seed(std::size_t everyday, Property property) {
  const auto all = seeds(everyday);
  for (const std::uint64_t seed : all) {
    BOOST_TEST_CONTEXT("repeat with: " << how_to_repeat(seed)) { property(seed); }
  }
  return cover_everyday(all, everyday);
}

}  // namespace postern::property
