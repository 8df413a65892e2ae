// The seeds a property test runs with: the everyday ones are always the same, so that what they
// bring is known; those beyond them begin anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace postern::property {

/// 1 to `everyday`, or POSTERN_SEED alone. Of POSTERN_SEED_COUNT those beyond the everyday ones
/// begin anywhere.
std::vector<std::uint64_t> seeds(std::size_t everyday);

/// Whether the everyday seeds are all among them: then what must come up has come up, or never
/// does. A repeated seed need not bring everything.
bool cover_everyday(const std::vector<std::uint64_t>& seeds, std::size_t everyday);

/// The command that runs the current test with this seed alone.
std::string how_to_repeat(std::uint64_t seed);

}  // namespace postern::property
