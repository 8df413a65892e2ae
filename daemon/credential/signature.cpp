#include "daemon/credential/signature.h"

#include <sodium.h>

#include "daemon/credential/sodium_ready.h"
#include "daemon/platform/require.h"

namespace postern::credential {

namespace {

const unsigned char* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* writable(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

/// libsodium's secret key: the seed, then the public key.
struct Expanded {
  explicit Expanded(const Key& seed) {
    static_assert(sizeof(Key) == crypto_sign_ed25519_SEEDBYTES);
    sodium_ready();
    require(crypto_sign_ed25519_seed_keypair(writable(public_key), secret.data(), raw(seed)) == 0);
  }
  ~Expanded() { sodium_memzero(secret.data(), secret.size()); }
  Expanded(const Expanded&) = delete;
  Expanded& operator=(const Expanded&) = delete;

  SigningPublicKey public_key;
  std::array<unsigned char, crypto_sign_ed25519_SECRETKEYBYTES> secret;
};

}  // namespace

SigningPublicKey signing_public_key(const Key& seed) { return Expanded(seed).public_key; }

Signature sign(const Key& seed, std::span<const std::byte> message) {
  const Expanded key(seed);
  Signature signature;
  require(crypto_sign_ed25519_detached(writable(signature), nullptr, raw(message), message.size(),
                                       key.secret.data()) == 0);
  return signature;
}

bool verify_signature(const SigningPublicKey& key, std::span<const std::byte> message,
                      const Signature& signature) {
  sodium_ready();
  return crypto_sign_ed25519_verify_detached(raw(signature), raw(message), message.size(),
                                             raw(key)) == 0;
}

}  // namespace postern::credential
