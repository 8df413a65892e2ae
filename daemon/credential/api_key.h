// API keys (C8): made, in the form of schema/api_key.h that scanners can find, and the keyed hash
// that is all the journal keeps. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "common_generated.h"
#include "daemon/credential/key_store.h"
#include "daemon/credential/secret.h"
#include "schema/api_key.h"

namespace postern::credential {

using schema::api_key_beginning;
using schema::api_key_prefix;
using schema::api_key_text_size;
using schema::ApiKeyNames;
using schema::read_api_key;

using ApiKeyHash = std::array<std::uint8_t, 32>;

struct NewApiKey {
  Secret text;
  ApiKeyHash hash;
};

/// 256 random bits for this user and key id.
NewApiKey make_api_key(const Key& hashing, const ApiKeyNames& names, platform::Entropy& entropy);

/// Of the text of a key that was read. 256 random bits need no slow hash.
ApiKeyHash hash_api_key(const Key& hashing, std::string_view text);

/// In the same time whether and wherever they differ.
bool equal_hashes(const ApiKeyHash& left, const ApiKeyHash& right);

}  // namespace postern::credential
