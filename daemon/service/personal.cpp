#include "daemon/service/personal.h"

#include "daemon/credential/personal.h"

namespace postern::service {

using credential::PersonalPart;

credential::KeySlot slot_of(const domain::KeyReference& key) { return {key.file, key.slot}; }

Expected<schema::PersonalT> open_profile(const credential::KeyStore& keys,
                                         const domain::User& user) {
  if (user.sealed_profile == nullptr) return schema::PersonalT();
  const auto key = keys.user_key(slot_of(user.key));
  if (!key) return std::unexpected(key.error());
  return credential::open_personal(*key, user.id, PersonalPart::profile, *user.sealed_profile);
}

domain::Bytes seal_profile(const credential::Key& key, const domain::Uuid& user,
                           const schema::PersonalT& personal, platform::Entropy& entropy) {
  return credential::seal_personal(key, user, PersonalPart::profile, personal, entropy);
}

Expected<std::string> open_password_hash(const credential::Key& key, const domain::Uuid& user,
                                         std::span<const std::uint8_t> sealed) {
  auto personal = credential::open_personal(key, user, PersonalPart::password, sealed);
  if (!personal) return std::unexpected(personal.error());
  return std::move(personal->password_hash);
}

Expected<PasswordFound> verify_either(const SealedPasswords& valid,
                                      const credential::Secret& password) {
  auto newest = open_password_hash(valid.key, valid.user, valid.sealed);
  if (!newest) return std::unexpected(newest.error());
  PasswordFound found;
  if (valid.old != nullptr) {
    const auto old = open_password_hash(valid.key, valid.user, *valid.old);
    if (!old) return std::unexpected(old.error());
    found.is_old = credential::verify_password(*old, password);
  }
  found.is_newest = credential::verify_password(*newest, password);
  found.hash = std::move(*newest);
  return found;
}

domain::Bytes hash_and_seal(const credential::Secret& password, credential::PasswordCost cost,
                            const credential::Key& key, const domain::Uuid& user,
                            platform::Entropy& entropy) {
  schema::PersonalT personal;
  personal.password_hash = credential::hash_password(password, cost);
  return credential::seal_personal(key, user, PersonalPart::password, personal, entropy);
}

}  // namespace postern::service
