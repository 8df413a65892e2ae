// H11: the recorded calls of one tenant, each kind once, as a guard asks them again.
#pragma once

#include <optional>

#include "daemon/calls/call_reader.h"
#include "daemon/credential/key_store.h"
#include "daemon/service/letters.h"
#include "daemon/view/view.h"

namespace postern::service {

/// Owned by one thread for life; may wait for the disk.
class RecordedCalls {
 public:
  /// Both outlive it.
  RecordedCalls(const calls::CallRing& ring, const credential::KeyStore& keys)
      : ring_(ring), keys_(keys), reader_(ring) {}

  /// Fills in what the letter asks for; `view`: whose keys open what is sealed.
  void fill(const view::View& view, EvidenceLetter& letter);

 private:
  const calls::CallRing& ring_;
  const credential::KeyStore& keys_;
  calls::CallReader reader_;
};

}  // namespace postern::service
