// Pages of recorded calls (L1), for the historian.
#pragma once

#include <functional>

#include "daemon/calls/call_reader.h"
#include "daemon/credential/key_store.h"
#include "daemon/service/inbound.h"
#include "daemon/view/view.h"

namespace postern::service {

/// Owned by one thread for life; may wait for the disk.
class CallPages {
 public:
  /// All outlive this.
  struct Parts {
    const calls::CallRing& ring;
    const credential::KeyStore& keys;
    /// Calls that were not recorded since the start.
    std::function<std::uint64_t()> dropped;
  };

  struct FoundCalls {
    schema::CallPageT page;
    /// Everything there is has been looked at.
    bool at_head = false;
  };

  explicit CallPages(Parts parts) : parts_(std::move(parts)), reader_(parts_.ring) {}

  /// Calls from this position on (0: the oldest) that match and lie in the asker's tenants.
  std::expected<FoundCalls, schema::ProblemT> find(const view::View& view,
                                                   const domain::Operator& asker,
                                                   const schema::ListCalls& wanted,
                                                   std::uint64_t from);

 private:
  /// Where a file begins, before which all calls are of an earlier time.
  std::uint64_t skipped_to(std::int64_t time_ns);

  Parts parts_;
  calls::CallReader reader_;
};

}  // namespace postern::service
