// plaintext := Personal (schema/personal.fbs)
//            | "PSPA" short         of a password that has nothing but a hash of our own
// No packed message begins so: its first four bytes are a distance within it.
#include "daemon/credential/personal.h"

#include <algorithm>
#include <string_view>

#include "daemon/credential/password.h"
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

constexpr std::string_view short_begins = "PSPA";

/// Absent: it has no short form.
std::optional<ShortHash> short_hash_in(const schema::PersonalT& personal) {
  if (personal.profile || !personal.note.empty() || personal.imported_ns != 0) return std::nullopt;
  return short_hash_of(personal.password_hash);
}

bool is_short(std::span<const std::uint8_t> plain) {
  return plain.size() == short_begins.size() + sizeof(ShortHash) &&
         std::ranges::equal(plain.first(short_begins.size()), short_begins);
}

}  // namespace

std::vector<std::uint8_t> seal_personal(const Key& key, const schema::Uuid& user, PersonalPart part,
                                        const schema::PersonalT& personal,
                                        platform::Entropy& entropy) {
  if (part == PersonalPart::password)
    if (auto hash = short_hash_in(personal)) {
      Plain plain({short_begins.begin(), short_begins.end()});
      plain.bytes.reserve(short_begins.size() + hash->size());
      plain.bytes.insert(plain.bytes.end(), hash->begin(), hash->end());
      wipe(std::as_writable_bytes(std::span(*hash)));
      return seal(key, user, part, plain.bytes, entropy);
    }
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
  if (part == PersonalPart::password && is_short(plain.bytes)) {
    ShortHash hash;
    const WipeAtEnd wiping{std::as_writable_bytes(std::span(hash))};
    std::ranges::copy(std::span(plain.bytes).subspan(short_begins.size()), hash.begin());
    schema::PersonalT personal;
    personal.password_hash = string_of(hash);
    return personal;
  }
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
