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
  /// It is known whether it came over TLS.
  bool tls_told = false;
  /// Null: none was ever imported.
  const Providers* providers = nullptr;
  /// It carries a password, which is all that a lock for wrong ones closes where the tenant's
  /// policy says so (C5).
  bool with_password = false;
};

}  // namespace postern::domain
