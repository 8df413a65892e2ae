// How the daemon is, as one table: a row for each counter, figure, warning and reason for refusing
// commands. From it the status, the metrics page and `/readyz` are made.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/config.h"
#include "daemon/credential/key_store.h"
#include "daemon/running/loops.h"
#include "daemon/running/metrics_page.h"
#include "daemon/running/services.h"
#include "daemon/service/diagnostics.h"
#include "daemon/service/vitals.h"

namespace postern::running {

/// What the rows read. All outlive whoever reads, and are written by the threads that know.
struct HealthSources {
  const Config& config;
  const credential::KeyStore& keys;
  const service::Vitals& vitals;
  const Services& services;
  const Loops& loops;
  /// Where `init` leaves the first owner's secret.
  std::filesystem::path owner_key;
  const journal::Journal& journal;
  const platform::Clock& clock;
  // Since the start.
  std::function<std::uint64_t()> handshakes_denied;
  std::function<std::uint64_t()> connections_closed;
  /// Lines of diagnostics: of one event, and those that were held back.
  std::function<std::uint64_t(service::Line)> lines_said;
  std::function<std::uint64_t()> lines_held_back;
};

/// One row.
struct Sign {
  /// Where the status shows it; on the page all are gauges but the counters.
  enum class Kind {
    /// Rises from 0 at the start: among the status's counters.
    counter,
    /// A figure that rises and falls: among the counters too.
    level,
    /// A figure for which the status has a field of its own.
    field,
    /// A sentence among the status's warnings, while there is one.
    warning,
    /// A reason for refusing commands: `commands_refused`, and a warning.
    refusal,
  };

  Kind kind;
  /// As a counter of the status is named. On the page "postern_" stands before it, and behind a
  /// counter's "_total".
  std::string name;
  std::string help;
  std::function<double(const HealthSources&)> value;
  /// Null, but for warnings and refusals. Empty: nothing is wrong.
  std::function<std::string(const HealthSources&)> sentence = nullptr;
};

/// In the order in which they are shown.
const std::vector<Sign>& health_signs();

/// Any thread.
class Health {
 public:
  explicit Health(HealthSources sources) : sources_(std::move(sources)) {}

  /// For the status of those who see the whole installation.
  std::vector<std::pair<std::string, std::uint64_t>> counters() const;
  std::vector<std::string> warnings() const;
  /// For the page.
  MetricsPage::Reading reading() const;

 private:
  const HealthSources sources_;
};

}  // namespace postern::running
