// What the bench asks the daemon about itself, through the client library.
// Thread: one at a time. Failure: Trouble.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/bench/daemon_process.h"

namespace postern::bench {

struct WriterCounters {
  std::uint64_t seq = 0;
  std::uint64_t records = 0;
  /// Syncs that made records durable.
  std::uint64_t groups = 0;
};

WriterCounters writer_counters(const DaemonProcess& daemon);

/// Until questions are answered from a state that holds this record.
void await_seq(const DaemonProcess& daemon, std::uint64_t seq);

/// The stored bytes of records from `from_seq` on, at most `count`, which need not fit one page.
std::vector<std::string> stored_records(const DaemonProcess& daemon, std::uint64_t from_seq,
                                        std::size_t count);

}  // namespace postern::bench
