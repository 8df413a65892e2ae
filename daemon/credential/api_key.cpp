// hash := BLAKE2b-256(key), keyed
#include "daemon/credential/api_key.h"

#include <sodium.h>

#include <span>

#include "daemon/credential/sodium_ready.h"
#include "daemon/platform/require.h"

namespace postern::credential {

NewApiKey make_api_key(const Key& hashing, const ApiKeyNames& names, platform::Entropy& entropy) {
  std::array<std::uint64_t, 4> random{};
  entropy.fill(std::as_writable_bytes(std::span(random)));
  std::string text(api_key_prefix);
  text.reserve(api_key_text_size);
  for (const std::uint64_t number :
       {names.key.high(), names.key.low(), names.user.high(), names.user.low()})
    text += schema::in_api_key_digits(number, schema::api_key_number_digits);
  for (const std::uint64_t number : random) {
    std::string part = schema::in_api_key_digits(number, schema::api_key_number_digits);
    text += part;
    wipe(std::as_writable_bytes(std::span(part)));
  }
  text +=
      schema::in_api_key_digits(schema::api_key_checksum(text), schema::api_key_checksum_digits);
  NewApiKey made{Secret(text), hash_api_key(hashing, text)};
  wipe(std::as_writable_bytes(std::span(text)));
  wipe(std::as_writable_bytes(std::span(random)));
  return made;
}

ApiKeyHash hash_api_key(const Key& hashing, std::string_view text) {
  sodium_ready();
  ApiKeyHash hash{};
  require(crypto_generichash(hash.data(), hash.size(),
                             reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                             reinterpret_cast<const unsigned char*>(hashing.data()),
                             hashing.size()) == 0);
  return hash;
}

bool equal_hashes(const ApiKeyHash& left, const ApiKeyHash& right) {
  return sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace postern::credential
