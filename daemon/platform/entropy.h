// Randomness as data: everything that needs it takes an Entropy, so that a seed can fix a
// simulation.
#pragma once

#include <cstddef>
#include <span>

namespace postern::platform {

/// Thread-safe; outlives whoever holds a reference. Cannot fail: a machine without randomness stops
/// the program.
class Entropy {
 public:
  virtual ~Entropy() = default;
  /// Fills with bytes fit for keys.
  virtual void fill(std::span<std::byte> bytes) = 0;
};

class SystemEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> bytes) override;
};

}  // namespace postern::platform
