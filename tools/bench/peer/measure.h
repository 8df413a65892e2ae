// The one loop that all are measured by. Thread: main's. Failure: Trouble.
#pragma once

#include <cstddef>
#include <vector>

#include "tools/bench/peer/peer.h"

namespace postern::bench::peer {

/// One kind of measurement, and how what was found is told.
struct Column {
  const char* name;
  const char* unit;
  Work work;
  std::size_t connections;
  /// Messages under way; the best of them counts.
  std::vector<std::size_t> windows;
  enum class Value { p50_us, p99_us, per_second } value;
  bool is_better_if_less() const { return value != Value::per_second; }
};

/// What one peer reached in one round: the best window's value. Every answer was checked.
double measure(Peer& peer, const World& world, const Column& column, double seconds);

}  // namespace postern::bench::peer
