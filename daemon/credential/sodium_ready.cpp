#include "daemon/credential/sodium_ready.h"

#include <sodium.h>

#include "daemon/platform/require.h"

namespace postern::credential {

void sodium_ready() {
  static const bool ready = sodium_init() >= 0;
  require(ready);
}

}  // namespace postern::credential
