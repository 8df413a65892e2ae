// Argon2id (C4).
#pragma once

#include <cstdint>
#include <string>

#include "daemon/credential/secret.h"

namespace postern::credential {

struct PasswordCost {
  /// At least 8; OWASP's floor is 19,456.
  std::uint32_t memory_kib = 19'456;
  /// At least 1.
  std::uint32_t passes = 2;
};

/// An Argon2id string with a fresh salt. Takes milliseconds: for pool threads alone.
std::string hash_password(const Secret& password, PasswordCost cost);

/// Takes as long as the hash's own cost.
bool verify_password(const std::string& hash, const Secret& password);

/// The hash was made at another cost than `cost` (C4).
bool needs_rehash(const std::string& hash, PasswordCost cost);

/// Takes as long as a verification at `cost` and finds nothing (C9).
void verify_nothing(const Secret& password, PasswordCost cost);

}  // namespace postern::credential
