// The metrics page: Prometheus text at /metrics, and whether the daemon lives (/healthz) and takes
// commands (/readyz). One thread of its own; plain HTTP, figures only, no secret and no name.
// Few connections at once, each with a deadline; whatever is not a short GET is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/platform/failure.h"

namespace postern::running {

/// Made anew for each request, from values that other threads keep up to date.
struct Metrics {
  struct Value {
    std::string name;
    std::string_view help;
    double value = 0;
  };
  std::vector<Value> gauges;
  std::vector<Value> counters;
  /// Why commands are refused; empty: they are taken.
  std::vector<std::string> not_ready;
};

class MetricsPage {
 public:
  using Read = std::function<Metrics()>;

  /// `read` is called on the page's thread. Fails with `in_use` if somebody listens there.
  static Expected<std::unique_ptr<MetricsPage>> start(const std::string& address,
                                                      std::uint16_t port, Read read);
  virtual ~MetricsPage() = default;

  virtual std::string address() const = 0;
};

}  // namespace postern::running
