// The values that the services' threads hand each other.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/domain/state.h"
#include "daemon/journal/journal.h"
#include "daemon/platform/peer.h"
#include "daemon/service/mailbox.h"

namespace postern::service {

using domain::Uuid;

/// What a recorded attempt came to: the reader's ticket, and `ok` or why it was not recorded.
struct AttemptOutcome {
  std::uint64_t ticket = 0;
  schema::Code code = schema::Code::ok;
};

/// A synced group on its way writer → reader → historian → auditor → writer: each swaps in what
/// changed and passes it on; back home the replaced entries are freed.
struct Published : Letter {
  domain::Changes changes;
  journal::Head head;
  std::int64_t time_ns = 0;
  std::vector<AttemptOutcome> attempts;
};

/// From the reader to the writer: what a password check found (C5).
struct Attempt : Letter {
  std::uint64_t ticket = 0;
  Uuid tenant;
  Uuid user;
  domain::Seq password_seq = 0;
  /// Who asked.
  Uuid service;
  bool succeeded = false;
  /// The same password, hashed again and sealed (C4); empty: no need.
  domain::Bytes rehashed;
};

/// From the historian to the auditor and back: one question that may take long.
struct AuditTask : Letter {
  platform::Peer peer;
  Uuid asker;
  std::vector<std::byte> request;
  std::vector<std::uint8_t> page;
};

}  // namespace postern::service
