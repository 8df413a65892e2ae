// What a record is to whoever runs the daemon: locks, refusals, operators, copies of the keys.
#pragma once

#include <vector>

#include "daemon/domain/state.h"
#include "daemon/service/diagnostics.h"
#include "event_generated.h"

namespace postern::service {

/// Appends a line for each of its events that has one. `state` and `changes` are as it left them.
void add_lines(const schema::Record& record, const domain::Changes& changes,
               const domain::State& state, std::vector<Diagnostic>& lines);

}  // namespace postern::service
