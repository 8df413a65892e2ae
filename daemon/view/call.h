// How the user's call reached the asking service, as that service tells it (N6, U10).
#pragma once

#include <cstdint>
#include <expected>
#include <vector>

#include "daemon/domain/authorize.h"
#include "query_generated.h"

namespace postern::view {

/// Adds what is wrong with it. An address that is none refuses the question: it decides nothing.
void check_call(const schema::Call* call, std::vector<schema::ProblemT>& problems);

/// Null, or without an address: every address rule fails. `providers` outlives the facts.
domain::CallFacts facts_of(const schema::Call* call, std::int64_t now_ns,
                           const domain::Providers& providers);

/// The same where nothing is wrong with it; else the first problem.
std::expected<domain::CallFacts, schema::ProblemT> checked_facts_of(
    const schema::Call* call, std::int64_t now_ns, const domain::Providers& providers);

}  // namespace postern::view
