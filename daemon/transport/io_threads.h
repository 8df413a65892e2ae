// libzmq's I/O threads among the daemon's others.
#pragma once

#include "daemon/platform/scheduling.h"

namespace postern::transport {

/// `number` as the bits of `EndpointOptions::affinity` count, from 0. Once a context has started;
/// false: there is no such thread, or the system does not let it be scheduled so.
bool schedule_io_thread(unsigned number, platform::Urgency urgency);

}  // namespace postern::transport
