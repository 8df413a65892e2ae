// Randomness and keys that a seed fixes. One thread.
#pragma once

#include <map>
#include <random>
#include <set>
#include <span>
#include <string>

#include "daemon/credential/key_store.h"
#include "daemon/platform/entropy.h"
#include "tests/support/plain_keys.h"

namespace postern::simulation {

/// Whatever the simulation chooses, it chooses here.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t next() { return engine_(); }
  std::size_t below(std::size_t bound) { return engine_() % bound; }
  bool one_in(std::size_t bound) { return below(bound) == 0; }
  template <class Values>
  auto& any(Values& values) {
    return values[below(values.size())];
  }

 private:
  std::mt19937_64 engine_;
};

class SimulatedEntropy final : public platform::Entropy {
 public:
  explicit SimulatedEntropy(std::uint64_t seed) : random_(seed) {}
  void fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_.next());
  }

 private:
  Random random_;
};

/// Salts of password hashes too come from the seed from now on.
void seed_salts(std::uint64_t seed);

/// A slot's key is a function of its place and the seed, so nothing is lost when the power is.
class SimulatedKeys final : public support::PlainKeys {
 public:
  explicit SimulatedKeys(std::uint64_t seed) : seed_(seed) {}

  /// The daemon starts anew: which slots are used, the journal says.
  void reopen() { used_ = 0; }

  Expected<> confirm_used(const credential::KeySlot& slot,
                          const credential::Commitment& commitment) override;
  Expected<bool> confirm_erased(const credential::KeySlot& slot,
                                const credential::Commitment& commitment) override;
  Expected<> erase(std::span<const credential::KeySlot> slots) override;
  Expected<credential::NewKey> next() override;
  Expected<credential::UserKey> user_key(const credential::KeySlot& slot) const override;
  const credential::Key& own_key(credential::OwnKey key) const override;

 private:
  credential::Key made(std::uint64_t place) const;

  const std::uint64_t seed_;
  std::uint16_t used_ = 0;
  /// Outlives a start, as what a key file does not hold.
  std::set<std::uint16_t> erased_;
  mutable std::map<std::string, credential::Key, std::less<>> own_;
};

}  // namespace postern::simulation
