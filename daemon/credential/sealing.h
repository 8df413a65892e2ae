// Sealing of personal data (U11) and the keyed hash over a command's contents (K1). Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "common_generated.h"
#include "daemon/credential/key_store.h"

namespace postern::credential {

/// Which part of a user's personal data; bound into the seal, so that parts cannot be swapped.
enum class PersonalPart : std::uint8_t { profile = 1, password = 2, call = 3 };

/// XChaCha20-Poly1305 under the user's key; nonce, then ciphertext and tag: 40 bytes more than the
/// plaintext. User and part are authenticated.
std::vector<std::uint8_t> seal(const Key& key, const schema::Uuid& user, PersonalPart part,
                               std::span<const std::uint8_t> plaintext, platform::Entropy& entropy);

/// Kind `damaged` if the bytes were not sealed so.
Expected<std::vector<std::uint8_t>> unseal(const Key& key, const schema::Uuid& user,
                                           PersonalPart part, std::span<const std::uint8_t> sealed);

using ContentsHash = std::array<std::uint8_t, 32>;

/// Keyed BLAKE2b-256 over a message whose secrets have been wiped in place.
ContentsHash hash_contents(const Key& key, std::span<const std::byte> message);

}  // namespace postern::credential
