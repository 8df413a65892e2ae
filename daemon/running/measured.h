// What the services measure of themselves, as metrics: durations and refusals by kind, what waits,
// ages, and what was dropped. Names end in their unit; no label is a name that somebody chose.
#pragma once

#include <vector>

#include "daemon/running/health.h"

namespace postern::running {

/// Any thread. Kinds and codes that never came are left out.
void add_measures(const HealthSources& sources, std::vector<Metric>& metrics);

}  // namespace postern::running
