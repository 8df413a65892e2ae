// Makes libsodium ready for use.
#pragma once

namespace postern::credential {

/// Chooses libsodium's implementations once; any thread, any number of times, before each use of
/// it.
void sodium_ready();

}  // namespace postern::credential
