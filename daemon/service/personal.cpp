#include "daemon/service/personal.h"

#include "schema/identifiers.h"

namespace postern::service {

namespace {

using credential::PersonalPart;

/// Plaintext of a seal; wipes itself.
struct Plain {
  std::vector<std::uint8_t> bytes;

  Plain() = default;
  explicit Plain(std::vector<std::uint8_t> plain) : bytes(std::move(plain)) {}
  Plain(Plain&&) noexcept = default;
  Plain& operator=(Plain&&) noexcept = default;
  ~Plain() { credential::wipe(std::as_writable_bytes(std::span(bytes))); }
};

Plain pack(const schema::PersonalT& personal) {
  flatbuffers::FlatBufferBuilder builder(512);
  builder.Finish(schema::CreatePersonal(builder, &personal), schema::personal_identifier);
  const std::span packed(builder.GetBufferPointer(), builder.GetSize());
  Plain plain(std::vector<std::uint8_t>(packed.begin(), packed.end()));
  credential::wipe(std::as_writable_bytes(packed));
  return plain;
}

/// Unseals, and lets the plaintext through the gate.
Expected<schema::PersonalT> open(const credential::Key& key, const domain::Uuid& user,
                                 PersonalPart part, std::span<const std::uint8_t> sealed) {
  auto unsealed = credential::unseal(key, user, part, sealed);
  if (!unsealed) return std::unexpected(unsealed.error());
  const Plain plain(std::move(*unsealed));
  flatbuffers::Verifier verifier(plain.bytes.data(), plain.bytes.size(), 8, 128);
  if (!verifier.VerifyBuffer<schema::Personal>(schema::personal_identifier))
    return std::unexpected(Failure{FailureKind::damaged, "sealed personal data is not well-formed",
                                   "Restore from a backup."});
  schema::PersonalT personal;
  flatbuffers::GetRoot<schema::Personal>(plain.bytes.data())->UnPackTo(&personal);
  return personal;
}

}  // namespace

credential::KeySlot slot_of(const domain::KeyReference& key) { return {key.file, key.slot}; }

Expected<schema::PersonalT> open_profile(const credential::KeyStore& keys,
                                         const domain::User& user) {
  if (user.sealed_profile == nullptr) return schema::PersonalT();
  const auto key = keys.user_key(slot_of(user.key));
  if (!key) return std::unexpected(key.error());
  return open(*key, user.id, PersonalPart::profile, *user.sealed_profile);
}

domain::Bytes seal_profile(const credential::Key& key, const domain::Uuid& user,
                           const schema::PersonalT& personal, platform::Entropy& entropy) {
  return credential::seal(key, user, PersonalPart::profile, pack(personal).bytes, entropy);
}

Expected<std::string> open_password_hash(const credential::Key& key, const domain::Uuid& user,
                                         std::span<const std::uint8_t> sealed) {
  auto personal = open(key, user, PersonalPart::password, sealed);
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
  return credential::seal(key, user, PersonalPart::password, pack(personal).bytes, entropy);
}

}  // namespace postern::service
