#include "daemon/credential/curve.h"

#include <sodium.h>

#include "daemon/credential/secret.h"
#include "daemon/credential/sodium_ready.h"
#include "daemon/platform/require.h"

namespace postern::credential {

namespace {

static_assert(sizeof(CurveKey) == crypto_box_PUBLICKEYBYTES);
static_assert(sizeof(CurveKey) == crypto_box_SECRETKEYBYTES);

unsigned char* writable(CurveKey& key) { return reinterpret_cast<unsigned char*>(key.data()); }

}  // namespace

CurveKeyPair::~CurveKeyPair() { wipe(secret_key); }

CurveKeyPair make_curve_key_pair() {
  sodium_ready();
  CurveKeyPair keys;
  require(crypto_box_keypair(writable(keys.public_key), writable(keys.secret_key)) == 0);
  return keys;
}

CurveKey curve_public_key(std::span<const std::byte, 32> secret_key) {
  sodium_ready();
  CurveKey key{};
  require(crypto_scalarmult_base(writable(key),
                                 reinterpret_cast<const unsigned char*>(secret_key.data())) == 0);
  return key;
}

}  // namespace postern::credential
