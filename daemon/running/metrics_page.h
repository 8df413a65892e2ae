// The metrics page: Prometheus text at /metrics, and whether the daemon lives (/healthz) and takes
// commands (/readyz). One thread of its own; plain HTTP, figures only, no secret and no name.
// Few connections at once, each with a deadline; whatever is not a short GET is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/platform/failure.h"

namespace postern::running {

/// How many durations were at most so long, each with all that were shorter; and all together.
struct DurationBuckets {
  std::vector<std::pair<double, std::uint64_t>> up_to_seconds;
  std::uint64_t count = 0;
  double sum_seconds = 0;
};

/// Those of one name stand behind each other.
struct Metric {
  std::string name;
  std::string help;
  double value = 0;
  /// It only rises; else it is a gauge.
  bool is_counter = false;
  std::vector<std::pair<std::string, std::string>> labels = {};
  /// Then it is a histogram.
  std::optional<DurationBuckets> durations = {};
};

class MetricsPage {
 public:
  /// Made anew for each request, from values that other threads keep up to date.
  struct Reading {
    std::vector<Metric> metrics;
    /// Why commands are refused; empty: they are taken.
    std::vector<std::string> not_ready;
  };
  using Read = std::function<Reading()>;

  /// `read` is called on the page's thread. Fails with `in_use` if somebody listens there.
  static Expected<std::unique_ptr<MetricsPage>> start(const std::string& address,
                                                      std::uint16_t port, Read read);
  virtual ~MetricsPage() = default;

  virtual std::string address() const = 0;
};

}  // namespace postern::running
