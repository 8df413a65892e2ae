// What the whole process must be before it holds secrets or listens.
#pragma once

#include "daemon/platform/failure.h"

namespace postern::platform {

/// Called once by the main thread, before any other thread is made. A closed socket (SIGPIPE) and a
/// file size limit (SIGXFSZ) become errors instead of death, as every signal that means nothing to
/// us; no core dump and no debugger of the
/// same user sees our memory; new files are ours alone (umask 0077); as many descriptors as the
/// hard limit allows. Limits that may not be changed stay as they are.
Expected<> harden_process();

}  // namespace postern::platform
