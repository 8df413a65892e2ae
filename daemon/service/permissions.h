// The gate: one table that says what an operator's role and scope must be to send or ask what (O1).
#pragma once

#include <cstdint>
#include <optional>

#include "command_generated.h"
#include "daemon/domain/entries.h"
#include "history_generated.h"
#include "query_generated.h"

namespace postern::service {

/// What of the installation a message is about.
enum class Reach : std::uint8_t {
  /// The tenant that it or its credential names; one outside the asker's scope is as if there was
  /// none (O2).
  tenant,
  /// None: the answer is made of what lies in the asker's tenants.
  own,
  /// The installation: it takes an operator of all tenants.
  all,
};

/// Nothing where this operator may send it; else the problem to answer with: `unknown_kind` for
/// kinds that this build does not know, or `not_permitted`.
std::optional<schema::ProblemT> refusal(const domain::Operator& asker, schema::CommandBody kind);
std::optional<schema::ProblemT> refusal(const domain::Operator& asker, schema::QueryBody kind);
std::optional<schema::ProblemT> refusal(const domain::Operator& asker, schema::HistoryBody kind);

Reach reach_of(schema::CommandBody kind);
Reach reach_of(schema::QueryBody kind);
Reach reach_of(schema::HistoryBody kind);

}  // namespace postern::service
