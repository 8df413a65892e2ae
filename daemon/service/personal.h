// Sealed personal data, opened where it is needed: a password check, an operator's view, a policy
// check (U11).
#pragma once

#include <limits>
#include <memory>
#include <string>

#include "daemon/credential/password.h"
#include "daemon/credential/sealing.h"
#include "daemon/domain/entries.h"
#include "personal_generated.h"

namespace postern::service {

credential::KeySlot slot_of(const domain::KeyReference& key);

/// A user's profile and note; all empty if there are none. Fails with kind `damaged` or `missing`.
Expected<schema::PersonalT> open_profile(const credential::KeyStore& keys,
                                         const domain::User& user);

domain::Bytes seal_profile(const credential::Key& key, const domain::Uuid& user,
                           const schema::PersonalT& personal, platform::Entropy& entropy);

/// An opened password hash, sealed as `sealed`, and when it was brought along. Fails with kind
/// `damaged`.
Expected<schema::PersonalT> open_password_hash(const credential::Key& key, const domain::Uuid& user,
                                               std::span<const std::uint8_t> sealed);

/// C12: hashes of others that were brought along up to then have ended.
std::int64_t imports_ended_until(const schema::PoliciesT& policies, std::int64_t now_ns);

/// The password hashes that are valid for a user, sealed.
struct SealedPasswords {
  const credential::Key& key;
  const domain::Uuid& user;
  std::span<const std::uint8_t> sealed;
  /// C7; null: none.
  const domain::SealedBytes* old = nullptr;
  std::int64_t imports_ended_until_ns = std::numeric_limits<std::int64_t>::min();
};

/// What a password was found to be.
struct PasswordFound {
  bool is_newest = false;
  bool is_old = false;
  /// C12: the one that is right was brought along, and has ended.
  bool has_ended = false;
  /// The newest, opened.
  std::string hash;

  bool right() const { return is_newest || is_old; }
  bool may_be_used() const { return right() && !has_ended; }
};

/// Tries both, whichever is right, so that time does not tell which (C7). Takes a hash's time for
/// each. Fails with kind `damaged`.
Expected<PasswordFound> verify_either(const SealedPasswords& valid,
                                      const credential::Secret& password);

/// Hashes a password and seals the hash for its user. Takes a hash's time.
domain::Bytes hash_and_seal(const credential::Secret& password, credential::PasswordCost cost,
                            const credential::Key& key, const domain::Uuid& user,
                            platform::Entropy& entropy);

/// C12: the same of a hash that is brought along; takes no time.
domain::Bytes seal_imported(std::string hash, std::int64_t now_ns, const credential::Key& key,
                            const domain::Uuid& user, platform::Entropy& entropy);

}  // namespace postern::service
