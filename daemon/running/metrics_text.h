// Figures in Prometheus' text form.
#pragma once

#include <span>
#include <string>

#include "daemon/running/metrics_page.h"

namespace postern::running {

std::string metrics_text(std::span<const Metric> metrics);

}  // namespace postern::running
