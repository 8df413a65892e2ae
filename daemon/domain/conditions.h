// A9: what must be so for a grant to count. Judged when asked, against one call.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/domain/call.h"
#include "daemon/domain/entries.h"

namespace postern::domain {

/// Of a stored event, or of a command that was checked; absent where none are set. A list of
/// networks that does not compile holds no address.
std::optional<Conditions> conditions_of(const schema::Conditions* stored);

std::unique_ptr<schema::ConditionsT> as_schema(const Conditions& conditions);

/// The same demands, written alike.
bool are_equal(const Conditions* left, const Conditions* right);

bool are_met(const Conditions& conditions, const CallFacts& call);

/// A sentence for each that is not met, for an explanation.
std::vector<std::string> unmet_parts(const Conditions& conditions, const CallFacts& call);

}  // namespace postern::domain
