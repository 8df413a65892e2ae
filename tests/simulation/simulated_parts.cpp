#include "tests/simulation/simulated_parts.h"

#include <sodium.h>

#include <algorithm>

namespace postern::simulation {

namespace {

Random salts{0};

std::uint32_t random_salt_word() { return static_cast<std::uint32_t>(salts.next()); }

void fill_salt(void* const bytes, const std::size_t size) {
  auto* byte = static_cast<unsigned char*>(bytes);
  for (std::size_t place = 0; place < size; ++place)
    byte[place] = static_cast<unsigned char>(salts.next());
}

const char* name_of_salts() { return "seeded"; }

}  // namespace

void seed_salts(std::uint64_t seed) {
  static randombytes_implementation seeded = {name_of_salts, random_salt_word, nullptr,
                                              nullptr,       fill_salt,        nullptr};
  salts = Random(seed);
  randombytes_set_implementation(&seeded);
}

credential::Key SimulatedKeys::made(std::uint64_t place) const {
  credential::Key key;
  SimulatedEntropy(seed_ * 1'000'003 + place).fill(key);
  return key;
}

Expected<> SimulatedKeys::confirm_used(const credential::KeySlot& slot,
                                       const credential::Commitment& commitment) {
  if (credential::commitment_to(made(slot.slot)) != commitment)
    return std::unexpected(Failure{FailureKind::damaged, "another key was committed to", "none"});
  used_ = std::max(used_, static_cast<std::uint16_t>(slot.slot + 1));
  return {};
}

Expected<bool> SimulatedKeys::confirm_erased(const credential::KeySlot& slot,
                                             const credential::Commitment& commitment) {
  if (const auto used = confirm_used(slot, commitment); !used) return std::unexpected(used.error());
  return !erased_.contains(slot.slot);
}

Expected<> SimulatedKeys::erase(std::span<const credential::KeySlot> slots) {
  for (const credential::KeySlot& slot : slots) erased_.insert(slot.slot);
  return {};
}

Expected<credential::NewKey> SimulatedKeys::next() {
  const credential::Key key = made(used_);
  return credential::NewKey{{0, used_++}, key, credential::commitment_to(key)};
}

Expected<credential::UserKey> SimulatedKeys::user_key(const credential::KeySlot& slot) const {
  if (slot.slot >= used_ || erased_.contains(slot.slot))
    return std::unexpected(Failure{FailureKind::missing, "the slot is empty", "none"});
  return made(slot.slot);
}

const credential::Key& SimulatedKeys::own_key(credential::OwnKey key) const {
  const std::string_view purpose = credential::name_of(key);
  const auto found = own_.find(purpose);
  if (found != own_.end()) return found->second;
  return own_.emplace(purpose, made(1'000'000 + std::hash<std::string_view>{}(purpose) % 1'000'000))
      .first->second;
}

}  // namespace postern::simulation
