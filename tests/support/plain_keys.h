// A key store without files, for tests in which keys are not the subject.
#pragma once

#include "daemon/credential/key_store.h"

namespace postern::support {

/// Confirms everything and has no key but one of zeros; tests say what theirs has beyond that.
class PlainKeys : public credential::KeyStore {
 public:
  Expected<> confirm_used(const credential::KeySlot&, const credential::Commitment&) override {
    return {};
  }
  Expected<bool> confirm_erased(const credential::KeySlot&,
                                const credential::Commitment&) override {
    return false;
  }
  void end_confirming() override {}
  Expected<> erase(std::span<const credential::KeySlot>) override { return {}; }
  Expected<credential::NewKey> next() override {
    return std::unexpected(Failure{FailureKind::missing, "there are no new keys here", "none"});
  }
  Expected<credential::UserKey> user_key(const credential::KeySlot&) const override {
    return std::unexpected(Failure{FailureKind::missing, "the slot is empty", "none"});
  }
  const credential::Key& own_key(credential::OwnKey) const override { return own_; }
  const credential::Key* planned_server_key() const override { return nullptr; }
  std::uint32_t file_count() const override { return 1; }
  Expected<std::vector<std::byte>> copy_part(std::uint32_t) const override {
    return std::vector<std::byte>();
  }
  bool memory_locked() const override { return true; }

 private:
  credential::Key own_{};
};

}  // namespace postern::support
