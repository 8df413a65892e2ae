#include "tools/client/signing.h"

#include <sodium.h>

#include <algorithm>
#include <cstdlib>

#include "schema/signed_message.h"

namespace postern::client {

namespace {

/// libsodium's secret key: the seed, then the public key.
struct Expanded {
  explicit Expanded(const Key& seed) {
    // No random numbers, no keys: nothing can be done without.
    if (sodium_init() < 0) std::abort();
    crypto_sign_ed25519_seed_keypair(public_key.data(), secret.data(), seed.data());
  }
  ~Expanded() { sodium_memzero(secret.data(), secret.size()); }
  Expanded(const Expanded&) = delete;
  Expanded& operator=(const Expanded&) = delete;

  Key public_key{};
  std::array<unsigned char, crypto_sign_ed25519_SECRETKEYBYTES> secret{};
};

}  // namespace

KeyPair make_signing_key_pair() {
  KeyPair pair;
  if (sodium_init() < 0) std::abort();
  randombytes_buf(pair.secret_key.data(), pair.secret_key.size());
  pair.public_key = Expanded(pair.secret_key).public_key;
  return pair;
}

void sign(std::span<std::uint8_t> message, const Key& seed) {
  std::vector<std::uint8_t> blanked(message.begin(), message.end());
  schema::blank_for_signature(*flatbuffers::GetRoot<schema::CommandMessage>(blanked.data()));
  std::array<unsigned char, crypto_sign_ed25519_BYTES> signature{};
  const Expanded key(seed);
  crypto_sign_ed25519_detached(signature.data(), nullptr, blanked.data(), blanked.size(),
                               key.secret.data());
  sodium_memzero(blanked.data(), blanked.size());
  const auto* field = flatbuffers::GetRoot<schema::CommandMessage>(message.data())->signature();
  if (field == nullptr || field->size() != signature.size()) std::abort();
  std::ranges::copy(signature, message.begin() + (field->data() - message.data()));
}

}  // namespace postern::client
