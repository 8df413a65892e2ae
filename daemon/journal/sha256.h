// SHA-256 in pieces, with the processor's own instructions where it has them.
#pragma once

#include <memory>

#include "daemon/journal/journal.h"

struct SHA256state_st;

namespace postern::journal {

/// Hashes one message after another. Owned by one thread; move-only; cannot fail. Making one costs
/// an allocation, so keep it.
class Sha256 {
 public:
  Sha256();

  Sha256& add(View bytes);
  /// The hash of all that was added since the last call; starts the next message.
  Hash finish();

 private:
  struct Free {
    void operator()(SHA256state_st* context) const;
  };

  std::unique_ptr<SHA256state_st, Free> context_;
};

}  // namespace postern::journal
