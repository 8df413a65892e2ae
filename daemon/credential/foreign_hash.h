// C12: hashes that others made, by libxcrypt: bcrypt and SHA-crypt. Any thread; each verification
// takes the hash's own cost, so: pool threads alone.
// Limits: bcrypt to a cost of 14, SHA-crypt to 1,000,000 rounds, each about a second.
#pragma once

#include <string>
#include <string_view>

#include "daemon/credential/secret.h"

namespace postern::credential {

/// Its form alone is looked at.
bool is_foreign_hash(std::string_view hash);

/// Of a hash whose form was looked at. What is left of the work is wiped.
bool verify_foreign(const std::string& hash, const Secret& password);

}  // namespace postern::credential
