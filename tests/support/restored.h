// A state made again from its canonical bytes, and what differs between two states, derived parts
// too.
#pragma once

#include <expected>

#include "daemon/domain/canonical_state.h"
#include "tests/support/world.h"

namespace postern::support {

/// The bytes come in pieces of this size.
std::expected<domain::State, std::string> restored(const Bytes& bytes,
                                                   const domain::JournalPlace& place,
                                                   std::size_t piece_bytes = 1'000);

/// A copy by way of its bytes; fails the test if they give none.
domain::State copied(const domain::State& state, std::size_t piece_bytes = 1'000);

/// What folding or asking could tell apart; empty: nothing.
std::string differences(const domain::State& left, const domain::State& right);

}  // namespace postern::support
