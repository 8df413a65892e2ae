// What stands between libzmq and the kernel: functions that the linker puts before the C library's
// in every program that holds this file, for libzmq as well. They keep peers and a hardened system
// away from libzmq's assertions; libzmq.md says which, and why here. They answer themselves what
// libzmq asks of the kernel in vain: whether there is room for output (output_asks.h), and getpid.
// Thread: any. Failure: none of its own.
#pragma once

#include <cstddef>
#include <cstdint>

namespace postern::transport {

/// From now on a connection whose descriptor is not below `descriptors` is closed at once, so that
/// those above are left to the program itself. `tell` hears how many were closed, at most once a
/// minute, on the thread that closed one.
void bound_connections(std::size_t descriptors, void (*tell)(std::uint64_t closed));

/// Connections closed at once, since the start.
std::uint64_t connections_closed();

}  // namespace postern::transport
