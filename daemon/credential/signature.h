// Ed25519 (RFC 8032): signatures that others check with the public key alone. Functions without
// state, for any thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "daemon/credential/key_store.h"

namespace postern::credential {

using SigningPublicKey = std::array<std::byte, 32>;
using Signature = std::array<std::byte, 64>;

/// `seed` is a secret of 32 random bytes, as the key store holds it.
SigningPublicKey signing_public_key(const Key& seed);
Signature sign(const Key& seed, std::span<const std::byte> message);

/// False too for a public key that is no point of the curve, or one of small order.
bool verify_signature(const SigningPublicKey& key, std::span<const std::byte> message,
                      const Signature& signature);

}  // namespace postern::credential
