#include "daemon/credential/personal.h"

#include "daemon/credential/secret.h"
#include "schema/identifiers.h"

namespace postern::credential {

namespace {

/// Plaintext of a seal; wipes itself.
struct Plain {
  std::vector<std::uint8_t> bytes;

  explicit Plain(std::vector<std::uint8_t> plain) : bytes(std::move(plain)) {}
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;
  ~Plain() { wipe(std::as_writable_bytes(std::span(bytes))); }
};

}  // namespace

std::vector<std::uint8_t> seal_personal(const Key& key, const schema::Uuid& user, PersonalPart part,
                                        const schema::PersonalT& personal,
                                        platform::Entropy& entropy) {
  flatbuffers::FlatBufferBuilder builder(512);
  builder.Finish(schema::CreatePersonal(builder, &personal), schema::personal_identifier);
  const std::span packed(builder.GetBufferPointer(), builder.GetSize());
  auto sealed = seal(key, user, part, packed, entropy);
  wipe(std::as_writable_bytes(packed));
  return sealed;
}

Expected<schema::PersonalT> open_personal(const Key& key, const schema::Uuid& user,
                                          PersonalPart part, std::span<const std::uint8_t> sealed) {
  auto unsealed = unseal(key, user, part, sealed);
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

Expected<std::int64_t> imported_ns_of(const Key& key, const schema::Uuid& user,
                                      std::span<const std::uint8_t> sealed) {
  auto personal = open_personal(key, user, PersonalPart::password, sealed);
  if (!personal) return std::unexpected(personal.error());
  wipe(std::as_writable_bytes(std::span(personal->password_hash)));
  return personal->imported_ns;
}

}  // namespace postern::credential
