// Disks under the simulated daemon: they fail, lose power, and keep what they promised.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/journal/opening.h"
#include "tests/simulation/simulated_parts.h"
#include "tests/support/fault_env.h"
#include "tests/support/temporary_folder.h"

namespace postern::simulation {

/// One journal at a time is open on it, and none while the power is cut.
class SimulatedDisk {
 public:
  virtual ~SimulatedDisk() = default;

  /// The journal over what is left, each record told in order.
  virtual Expected<std::unique_ptr<journal::Journal>> open(const journal::OnRecord& on_record) = 0;
  /// Something will go wrong soon.
  virtual void plan_trouble(Random& random) = 0;
  /// From now on nothing reaches it.
  virtual void lose_power() = 0;
  /// Sound again over what is left; no journal is open. Without a loss of power only the process
  /// has ended.
  virtual void restore(Random& random, bool power_was_lost) = 0;
  /// How often it failed on purpose.
  virtual std::uint64_t fired() const = 0;
  /// Called before each operation, on its thread; a disk without operations calls nobody.
  using Look = std::function<void(support::FaultEnv&, const support::Step&)>;
  virtual void watch(Look) {}
  /// The bytes of the journal's anchor; empty: there is none.
  virtual std::string anchor() const { return {}; }
};

/// Records in memory. A failed append may have kept its records all the same.
/// `forgets`: the guard switched off, an append that returns has not kept anything yet.
std::unique_ptr<SimulatedDisk> memory_disk(bool forgets);

/// The daemon's own journal over files whose disk fails. `forgets` as above.
std::unique_ptr<SimulatedDisk> file_disk(bool forgets);

}  // namespace postern::simulation
