// Proves at start that the locks lock (hard fact 9). Private to this folder.
#pragma once

#include "daemon/platform/failure.h"

namespace postern::transport {

/// Binds private sockets, guarded like the public ones, and knocks with a key and a uid that nobody
/// allowed. Succeeds only if libzmq reports that the authenticator denied both; waits up to 2
/// minutes for each, as a busy machine answers late. No tcp is needed.
Expected<> confirm_strangers_are_denied(void* context);

}  // namespace postern::transport
