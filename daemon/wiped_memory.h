// What this program frees is wiped first, so that of personal data nothing is left in its memory
// once its owners let go of it (U11): strings, buffers that grew, libzmq's copies for encryption.
// Memory from malloc, as libzmq's messages, is not covered: whoever holds those wipes them.
#pragma once

namespace postern {

/// For the calling thread; on until it says otherwise.
void wipe_freed_memory(bool wipes);

}  // namespace postern
