// What the program frees is wiped first, so that of personal data nothing is left in its memory
// once its owners let go of it (U11): strings, buffers that grew, libzmq's copies for encryption.
// So in a program that links the target `wiped_memory`. Of memory from malloc only libzmq's receive
// buffers are covered, on every thread; of other parts, as messages, whoever holds them wipes them.
#pragma once

namespace postern::platform {

/// Of the calling thread.
inline thread_local constinit bool wipes_freed_memory = true;

}  // namespace postern::platform
