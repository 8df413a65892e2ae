// Argon2id (C4), and what was brought along (C12). Any thread; each call takes the memory and the
// time of its cost, so: pool threads alone. Out of memory stops the program, as everywhere: a
// password nobody could look at must not count as wrong.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/credential/secret.h"

namespace postern::credential {

struct PasswordCost {
  /// At least 8; OWASP's floor is 19,456.
  std::uint32_t memory_kib = 19'456;
  /// At least 1.
  std::uint32_t passes = 2;

  friend bool operator==(const PasswordCost&, const PasswordCost&) = default;
};

/// An Argon2id string with a fresh salt.
std::string hash_password(const Secret& password, PasswordCost cost);

/// What an Argon2id string says, in fewer bytes. A secret.
using ShortHash = std::array<std::uint8_t, 4 + 4 + 16 + 32>;
/// Absent: it is no string that `string_of` would give.
std::optional<ShortHash> short_hash_of(std::string_view hash);
std::string string_of(const ShortHash& hash);

/// What a hash that is brought along is (C12).
enum class HashKind {
  /// Nothing that is verified here, or at a cost that nobody is to wait for.
  unknown,
  argon2id,
  /// bcrypt or SHA-crypt: the next success replaces it.
  foreign,
};

HashKind kind_of_hash(std::string_view hash);

/// Takes as long as the hash's own cost. A string that `kind_of_hash` does not know is nobody's:
/// false, at once.
bool verify_password(const std::string& hash, const Secret& password);

/// The hash was made at another cost than `cost` (C4), or in another way (C12).
bool needs_rehash(const std::string& hash, PasswordCost cost);

/// Takes as long as a verification at `cost` and finds nothing (C9).
void verify_nothing(const Secret& password, PasswordCost cost);

}  // namespace postern::credential
