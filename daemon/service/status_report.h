// The answer to GetStatus: as much as the asker may see (O2).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/domain/entries.h"
#include "daemon/journal/journal.h"
#include "daemon/platform/clock.h"
#include "daemon/service/vitals.h"
#include "daemon/view/view.h"
#include "query_generated.h"

namespace postern::service {

/// What a status is made of; all outlive the call.
struct StatusSources {
  const view::View& view;
  const Vitals& vitals;
  const platform::Clock& clock;
  /// The newest record that queries are answered from, and its time.
  const journal::Head& head;
  std::int64_t head_time_ns;
  /// The newest; empty: none yet.
  const std::string& checkpoint;
  const std::string& program_version;
  const domain::Uuid& installation;
  std::int64_t started_monotonic_ns;
  /// In Z85; empty: no other is planned.
  const std::string& next_server_key;
  /// N3: a provider's ranges imported longer ago are warned of.
  std::int64_t ranges_age_max_ns;
  /// Sentences about the installation.
  const std::function<std::vector<std::string>()>& warnings;
  /// Figures that others keep.
  const std::function<std::vector<std::pair<std::string, std::uint64_t>>()>& counters;
};

schema::StatusT status_for(const domain::Operator& asker, const StatusSources& sources);

}  // namespace postern::service
