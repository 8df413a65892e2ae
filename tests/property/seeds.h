// Which seeds a property test runs: POSTERN_SEED=N that one alone; else as many as
// POSTERN_SEED_COUNT says, or the test, from a start that differs each time and is printed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace postern::property {

std::vector<std::uint64_t> seeds(std::size_t count);

/// The command that repeats one seed of the running test.
std::string how_to_repeat(std::uint64_t seed);

}  // namespace postern::property
