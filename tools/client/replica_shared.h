// What a replica's own thread and its readers share.
#pragma once

#include <condition_variable>
#include <ctime>
#include <mutex>
#include <thread>

#include "tools/client/replica.h"
#include "tools/client/replica_versions.h"

namespace postern::client {

/// Counts while the machine sleeps.
inline std::int64_t steady_ns() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

struct Replica::Shared {
  explicit Shared(ReplicaOptions options)
      : options(std::move(options)),
        age_max_ns(std::chrono::nanoseconds(this->options.age_max).count()) {}

  const ReplicaOptions options;
  const std::int64_t age_max_ns;
  ReplicaVersions versions;
  /// The daemon's clock less the steady one. It never falls while one daemon is followed, so that
  /// nothing that expired lives again.
  std::atomic<std::int64_t> clock_offset_ns{0};

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  // ---- behind the mutex
  ReplicaStanding standing;
  std::int64_t confirmed_ns = 0;

  std::atomic<bool> is_stopping{false};
  /// Readable once it is stopping.
  int wake = -1;
  std::thread thread;
};

/// Follows the daemon until it is told to stop: the replica's thread.
void follow_daemon(Replica::Shared& shared, Client client);

}  // namespace postern::client
