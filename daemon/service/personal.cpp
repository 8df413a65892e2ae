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

Expected<schema::PersonalT> open_password_hash(const credential::Key& key,
                                               const domain::Uuid& user,
                                               std::span<const std::uint8_t> sealed) {
  return credential::open_personal(key, user, PersonalPart::password, sealed);
}

std::int64_t imports_ended_until(const schema::PoliciesT& policies, std::int64_t now_ns) {
  constexpr std::int64_t day_ns = 86'400LL * 1'000'000'000;
  if (policies.imported_hash_days == 0) return std::numeric_limits<std::int64_t>::min();
  return now_ns - policies.imported_hash_days * day_ns;
}

Expected<PasswordFound> verify_either(const SealedPasswords& valid,
                                      const credential::Secret& password) {
  auto newest = open_password_hash(valid.key, valid.user, valid.sealed);
  if (!newest) return std::unexpected(newest.error());
  const auto has_ended = [&](const schema::PersonalT& held) {
    return held.imported_ns != 0 && held.imported_ns <= valid.imports_ended_until_ns;
  };
  PasswordFound found;
  if (valid.old != nullptr) {
    const auto old = open_password_hash(valid.key, valid.user, *valid.old);
    if (!old) return std::unexpected(old.error());
    found.is_old = credential::verify_password(old->password_hash, password);
    found.has_ended = found.is_old && has_ended(*old);
  }
  found.is_newest = credential::verify_password(newest->password_hash, password);
  if (found.is_newest) found.has_ended = has_ended(*newest);
  found.hash = std::move(newest->password_hash);
  return found;
}

domain::Bytes seal_imported(std::string hash, std::int64_t now_ns, const credential::Key& key,
                            const domain::Uuid& user, platform::Entropy& entropy) {
  schema::PersonalT personal;
  if (credential::kind_of_hash(hash) == credential::HashKind::foreign)
    personal.imported_ns = now_ns;
  personal.password_hash = std::move(hash);
  auto sealed = credential::seal_personal(key, user, PersonalPart::password, personal, entropy);
  credential::wipe(std::as_writable_bytes(std::span(personal.password_hash)));
  return sealed;
}

domain::Bytes hash_and_seal(const credential::Secret& password, credential::PasswordCost cost,
                            const credential::Key& key, const domain::Uuid& user,
                            platform::Entropy& entropy) {
  schema::PersonalT personal;
  personal.password_hash = credential::hash_password(password, cost);
  return credential::seal_personal(key, user, PersonalPart::password, personal, entropy);
}

}  // namespace postern::service
