#include "daemon/running/metrics_text.h"

#include <prometheus/text_serializer.h>

#include <vector>

namespace postern::running {

namespace {

prometheus::MetricType type_of(const Metric& metric) {
  if (metric.durations) return prometheus::MetricType::Histogram;
  return metric.is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
}

prometheus::ClientMetric::Histogram histogram_of(const DurationBuckets& durations) {
  prometheus::ClientMetric::Histogram histogram;
  histogram.sample_count = durations.count;
  histogram.sample_sum = durations.sum_seconds;
  for (const auto& [bound, count] : durations.up_to_seconds)
    histogram.bucket.push_back({count, bound});
  return histogram;
}

}  // namespace

std::string metrics_text(std::span<const Metric> metrics) {
  std::vector<prometheus::MetricFamily> families;
  for (const Metric& metric : metrics) {
    if (families.empty() || families.back().name != metric.name) {
      prometheus::MetricFamily& family = families.emplace_back();
      family.name = metric.name;
      family.help = metric.help;
      family.type = type_of(metric);
    }
    prometheus::ClientMetric& value = families.back().metric.emplace_back();
    for (const auto& [name, text] : metric.labels) value.label.push_back({name, text});
    value.gauge.value = metric.value;
    value.counter.value = metric.value;
    if (metric.durations) value.histogram = histogram_of(*metric.durations);
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace postern::running
