// A copy of the key store, part by part, which only its recipient can open (U11), and a store made
// from one. Any thread; functions without state. Failures never carry a key.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "daemon/credential/key_store.h"

namespace postern::credential {

/// Curve25519, as that of an operator's key pair.
using Recipient = std::array<std::uint8_t, 32>;

/// Whose secret key it is.
Recipient recipient_of(const Key& secret);

/// A sealed box (X25519, XSalsa20-Poly1305) with a fresh key of its own: nobody can tell who made
/// it. 48 bytes more than the part.
std::vector<std::uint8_t> seal_for(const Recipient& recipient, std::span<const std::byte> part);

/// Kind `damaged` if it was not sealed for this key, or is not as it was. To be wiped.
Expected<std::vector<std::byte>> open_sealed(const Key& secret,
                                             std::span<const std::uint8_t> sealed);

/// Makes a store of `file_count` files from the opened parts of a copy, in order. Only the keys in
/// the slots of `used` come back, where the copy has them; so no slot is handed out twice. The keys
/// for session tokens are new: every session has ended. Fails with `cannot_create` if the folder
/// holds anything, with `damaged` naming the part that is not as it was or not there.
Expected<> restore_key_store(const std::filesystem::path& folder,
                             std::span<const std::vector<std::byte>> parts,
                             std::span<const KeySlot> used, std::uint32_t file_count,
                             platform::Entropy& entropy);

}  // namespace postern::credential
