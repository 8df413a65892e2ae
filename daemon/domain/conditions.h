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

/// Whether a grant with these has its effect on the call; null: it has. What cannot be judged, as a
/// fact is missing, counts against the caller: an allow does not hold, a deny does.
bool are_in_force(const Conditions* conditions, bool deny, const CallFacts& call);

/// Whether no call will ever meet them, as their time is over.
bool are_over(const Conditions& conditions, std::int64_t now_ns);

/// For an explanation, a sentence for each part that keeps an allow from holding, or that a deny
/// holds for though it could not be judged.
std::vector<std::string> parts_told(const Conditions& conditions, bool deny, const CallFacts& call);

/// A sentence for each fact without which it cannot be judged whether the call comes from the list;
/// none: it can.
std::vector<std::string> missing_facts(const NetworkList& list, const CallFacts& call);

}  // namespace postern::domain
