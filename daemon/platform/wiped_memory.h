// What this program frees is wiped first, so that of personal data nothing is left in its memory
// once its owners let go of it (U11): strings, buffers that grew, libzmq's copies for encryption.
// Of memory from malloc only libzmq's receive buffers are covered, on every thread; of other parts,
// as messages, whoever holds them wipes them.
#pragma once

namespace postern {

/// For the calling thread; on until it says otherwise.
void wipe_freed_memory(bool wipes);

}  // namespace postern
