// How a user's call came in (N6, U10), and when.
#pragma once

#include <cstdint>
#include <optional>

#include "daemon/domain/network.h"

namespace postern::domain {

struct CallFacts {
  bool interactive = false;
  /// The daemon's clock, UTC nanoseconds.
  std::int64_t now_ns = 0;
  /// Absent: every address rule fails.
  std::optional<Address> address = {};
  bool tls = false;
  /// Null: none was ever imported.
  const Providers* providers = nullptr;
};

}  // namespace postern::domain
