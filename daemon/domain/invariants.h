// What a state must hold whatever was decided: a check of all of it, for tests and for whoever has
// folded every record. Pure; reads every entry.
#pragma once

#include <string>
#include <vector>

#include "daemon/domain/state.h"

namespace postern::domain {

/// What holds after any fold, even of records that no daemon wrote: each index leads to its
/// entries and to nothing else, counts match, and what is searched lies in its order. Gives every
/// problem as a sentence.
std::vector<std::string> check_indexes(const State& state);

/// The same, and what the rules leave: every reference leads to something, no seq lies beyond the
/// state's, nothing is left of what was erased. Of a state between two records.
std::vector<std::string> check_invariants(const State& state);

}  // namespace postern::domain
