// sealed := nonce[24] ciphertext[plaintext length] tag[16]
// authenticated besides := user.high[8, big-endian] user.low[8, big-endian] part[1]
#include "daemon/credential/sealing.h"

#include <sodium.h>

#include "daemon/credential/sodium_ready.h"
#include "daemon/platform/require.h"

namespace postern::credential {

namespace {

constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t overhead = nonce_size + tag_size;

using Context = std::array<std::uint8_t, 17>;

Context context_of(const schema::Uuid& user, PersonalPart part) {
  Context context{};
  for (std::size_t i = 0; i < 8; ++i) {
    context[i] = static_cast<std::uint8_t>(user.high() >> (56 - 8 * i));
    context[8 + i] = static_cast<std::uint8_t>(user.low() >> (56 - 8 * i));
  }
  context[16] = static_cast<std::uint8_t>(part);
  return context;
}

const unsigned char* raw(const Key& key) {
  return reinterpret_cast<const unsigned char*>(key.data());
}

}  // namespace

std::vector<std::uint8_t> seal(const Key& key, const schema::Uuid& user, PersonalPart part,
                               std::span<const std::uint8_t> plaintext,
                               platform::Entropy& entropy) {
  sodium_ready();
  std::vector<std::uint8_t> sealed(plaintext.size() + overhead);
  entropy.fill(std::as_writable_bytes(std::span(sealed).first(nonce_size)));
  const Context context = context_of(user, part);
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data() + nonce_size, nullptr, plaintext.data(),
                                             plaintext.size(), context.data(), context.size(),
                                             nullptr, sealed.data(), raw(key));
  return sealed;
}

Expected<std::vector<std::uint8_t>> unseal(const Key& key, const schema::Uuid& user,
                                           PersonalPart part,
                                           std::span<const std::uint8_t> sealed) {
  sodium_ready();
  const Context context = context_of(user, part);
  if (sealed.size() >= overhead) {
    const auto ciphertext = sealed.subspan(nonce_size);
    std::vector<std::uint8_t> plaintext(sealed.size() - overhead);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            plaintext.data(), nullptr, nullptr, ciphertext.data(), ciphertext.size(),
            context.data(), context.size(), sealed.data(), raw(key)) == 0)
      return plaintext;
  }
  return std::unexpected(Failure{FailureKind::damaged,
                                 "sealed personal data does not open under its user's key",
                                 "restore the journal and the key store from one backup"});
}

ContentsHash hash_contents(const Key& key, std::span<const std::byte> message) {
  sodium_ready();
  ContentsHash hash{};
  require(crypto_generichash(hash.data(), hash.size(),
                             reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                             raw(key), key.size()) == 0);
  return hash;
}

}  // namespace postern::credential
