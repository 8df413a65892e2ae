// Stands in for credential::HashPool when linked before it: work waits until the simulation runs
// it, on the simulation's thread. One pool at a time.
#pragma once

#include <cstddef>

namespace postern::simulation {

std::size_t hash_work_waiting();

/// Runs one piece of what waits; `which` is less than what waits.
void run_hash_work(std::size_t which);

}  // namespace postern::simulation
