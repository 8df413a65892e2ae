#include "daemon/journal/sha256.h"

// Libcrypto's functions of this one algorithm: beginning anew by its general interface takes 620
// instructions for each message, as many as hashing 100 bytes.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "daemon/platform/require.h"

namespace postern::journal {

void Sha256::Free::operator()(SHA256state_st* context) const { delete context; }

Sha256::Sha256() : context_(new SHA256state_st) { require(SHA256_Init(context_.get()) == 1); }

Sha256& Sha256::add(View bytes) {
  require(SHA256_Update(context_.get(), bytes.data(), bytes.size()) == 1);
  return *this;
}

Hash Sha256::finish() {
  Hash hash;
  require(SHA256_Final(reinterpret_cast<unsigned char*>(hash.data()), context_.get()) == 1);
  require(SHA256_Init(context_.get()) == 1);
  return hash;
}

}  // namespace postern::journal
