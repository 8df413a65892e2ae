// API keys (C8): their text, that scanners can find, and the keyed hash that is all the journal
// keeps. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common_generated.h"
#include "daemon/credential/key_store.h"
#include "daemon/credential/secret.h"

namespace postern::credential {

/// How every key begins.
inline constexpr std::string_view api_key_prefix = "pstk_";
inline constexpr std::size_t api_key_text_size = 99;

using ApiKeyHash = std::array<std::uint8_t, 32>;

/// Who a key's text says it is; nothing is proved by that.
struct ApiKeyNames {
  schema::Uuid key;
  schema::Uuid user;
};

struct NewApiKey {
  Secret text;
  ApiKeyHash hash;
};

/// 256 random bits for this user and key id.
NewApiKey make_api_key(const Key& hashing, const ApiKeyNames& names, platform::Entropy& entropy);

/// Nothing if the text is no key: its form or its checksum is wrong.
std::optional<ApiKeyNames> read_api_key(std::string_view text);

/// Of the text of a key that was read. 256 random bits need no slow hash.
ApiKeyHash hash_api_key(const Key& hashing, std::string_view text);

/// In the same time whether and wherever they differ.
bool equal_hashes(const ApiKeyHash& left, const ApiKeyHash& right);

/// The first characters of a key's text, to tell it by.
std::string api_key_beginning(const schema::Uuid& key);

}  // namespace postern::credential
