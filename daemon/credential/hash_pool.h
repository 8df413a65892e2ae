// The bounded pool that password hashing runs in (C10): low priority threads, work taken in turn.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "schema/identifiers.h"
#include "common_generated.h"

namespace postern::credential {

/// Whose turn a piece of work takes: first by service, then by tenant, each in turn.
struct Turn {
  schema::Uuid service;
  schema::Uuid tenant;
};

/// Threads are its own, at low priority; `submit` from any thread. The destructor drops what waits and joins.
class HashPool {
 public:
  struct Limits {
    std::size_t threads = 2;
    /// Waiting pieces of work in all.
    std::size_t waiting_max = 16'384;
    /// Waiting pieces of one service.
    std::size_t waiting_per_service_max = 12'288;
  };

  explicit HashPool(Limits limits);
  ~HashPool();

  /// Runs `work` on a pool thread when its turn comes; false, and nothing is kept, if a bound is reached.
  /// `work` must not throw.
  [[nodiscard]] bool submit(const Turn& turn, std::move_only_function<void()> work);

  /// Pieces of work that wait.
  std::size_t waiting() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::credential
