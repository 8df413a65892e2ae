// A state made again from its compact bytes, and what differs between two states, derived parts
// too.
#pragma once

#include <expected>

#include "daemon/domain/compact_state.h"
#include "tests/support/world.h"

namespace postern::support {

struct CompactBlock {
  domain::BlockKind kind = domain::BlockKind::texts;
  Bytes bytes;
};

/// Fails the test if it cannot be written.
std::vector<CompactBlock> compact(const domain::State& state);

std::expected<domain::State, std::string> restored(const std::vector<CompactBlock>& blocks,
                                                   const domain::JournalPlace& place);

/// A copy by way of its bytes; fails the test if they give none.
domain::State copied(const domain::State& state);

/// What folding or asking could tell apart; empty: nothing.
std::string differences(const domain::State& left, const domain::State& right);

}  // namespace postern::support
