#include "daemon/running/metrics_text.h"

#include <prometheus/text_serializer.h>

#include <vector>

namespace postern::running {

std::string metrics_text(std::span<const Metric> metrics) {
  std::vector<prometheus::MetricFamily> families;
  for (const Metric& metric : metrics) {
    prometheus::MetricFamily& family = families.emplace_back();
    family.name = metric.name;
    family.help = metric.help;
    family.type =
        metric.is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    prometheus::ClientMetric& value = family.metric.emplace_back();
    value.gauge.value = metric.value;
    value.counter.value = metric.value;
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace postern::running
