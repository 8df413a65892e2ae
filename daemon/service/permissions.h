// The gate: one table that says which operator role may send or ask what (O1).
#pragma once

#include "command_generated.h"
#include "history_generated.h"
#include "query_generated.h"

namespace postern::service {

/// False for kinds this build does not know.
bool may(schema::Role role, schema::CommandBody kind);
bool may(schema::Role role, schema::QueryBody kind);
bool may(schema::Role role, schema::HistoryBody kind);

}  // namespace postern::service
