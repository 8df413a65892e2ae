// The bounded pool that password hashing runs in (C10): low priority threads, work taken in turn.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "common_generated.h"
#include "daemon/platform/failure.h"

namespace postern::credential {

/// Whose turn a piece of work takes: services in turn, and within a service its tenants in turn.
struct Turn {
  schema::Uuid service;
  schema::Uuid tenant;
};

/// Runs work on batch threads of its own, 10 steps of niceness below the rest. `submit` from any
/// thread.
/// The destructor drops what waits, lets what runs finish, and joins.
class HashPool {
 public:
  /// Each at least 1; the bounds on waiting are counted without what runs.
  struct Limits {
    std::size_t threads = 2;
    std::size_t waiting_max = 16'384;
    std::size_t waiting_per_service_max = 12'288;
    /// One tenant's within one service, so that it cannot fill the service's line.
    std::size_t waiting_per_tenant_max = 10'240;
  };

  explicit HashPool(Limits limits);
  ~HashPool();
  HashPool(const HashPool&) = delete;
  HashPool& operator=(const HashPool&) = delete;

  /// Runs `work` on a pool thread when its turn comes; false, and nothing is kept, if a bound is
  /// reached. `work` must not throw.
  [[nodiscard]] bool submit(const Turn& turn, std::move_only_function<void()> work);

  /// Whether `submit` would take a piece of work of that turn now.
  bool has_room(const Turn& turn) const;

  /// From now on so many threads, at least 1; waits for what runs on those that end. By one thread
  /// at a time. Fails with what there was unchanged where the system makes no more threads.
  Expected<> set_threads(std::size_t threads);

  /// Pieces of work that wait.
  std::size_t waiting() const;

  /// False: the system did not let the threads lower their priority (a warning, no failure).
  bool low_priority() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::credential
