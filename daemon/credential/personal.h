// A user's personal data (schema/personal.fbs), sealed and opened (U11). Any thread; no plaintext
// is left in memory but what is given.
#pragma once

#include "daemon/credential/sealing.h"
#include "personal_generated.h"

namespace postern::credential {

std::vector<std::uint8_t> seal_personal(const Key& key, const schema::Uuid& user, PersonalPart part,
                                        const schema::PersonalT& personal,
                                        platform::Entropy& entropy);

/// Unseals, and lets the plaintext through its gate. Kind `damaged` if it was not sealed so.
Expected<schema::PersonalT> open_personal(const Key& key, const schema::Uuid& user,
                                          PersonalPart part, std::span<const std::uint8_t> sealed);

/// C12: of a sealed password's hash, when it was brought along; 0: it was not. The same failure.
Expected<std::int64_t> imported_ns_of(const Key& key, const schema::Uuid& user,
                                      std::span<const std::uint8_t> sealed);

}  // namespace postern::credential
