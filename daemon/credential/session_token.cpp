// token   := "psts_" base64url(nonce[24] ciphertext[97] tag[16])       without padding
// plain   := version:u8 user:id tenant:id session:id key:id first:u64 expires:u64 user_epoch:u64
//            tenant_epoch:u64
// id      := high:u64 low:u64        integers are big-endian
// XChaCha20-Poly1305; authenticated besides := "psts_"
#include "daemon/credential/session_token.h"

#include <sodium.h>

#include <array>

#include "daemon/credential/sodium_ready.h"
#include "daemon/platform/require.h"

namespace postern::credential {

namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t number_count = 12;
constexpr std::size_t plain_size = 1 + number_count * 8;
constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t sealed_size =
    nonce_size + plain_size + crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr int base64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

using Numbers = std::array<std::uint64_t, number_count>;
using Plain = std::array<std::uint8_t, plain_size>;
using Sealed = std::array<std::uint8_t, sealed_size>;

const unsigned char* raw(const Key& key) {
  return reinterpret_cast<const unsigned char*>(key.data());
}

const unsigned char* prefix_bytes() {
  return reinterpret_cast<const unsigned char*>(token_prefix.data());
}

Plain encode(const SessionToken& token) {
  const Numbers numbers = {token.user.high(),
                           token.user.low(),
                           token.tenant.high(),
                           token.tenant.low(),
                           token.session.high(),
                           token.session.low(),
                           token.key.high(),
                           token.key.low(),
                           static_cast<std::uint64_t>(token.first_ns),
                           static_cast<std::uint64_t>(token.expires_ns),
                           token.user_epoch,
                           token.tenant_epoch};
  Plain plain{version};
  std::size_t place = 1;
  for (const std::uint64_t number : numbers)
    for (int shift = 56; shift >= 0; shift -= 8)
      plain[place++] = static_cast<std::uint8_t>(number >> shift);
  return plain;
}

SessionToken decode(const Plain& plain) {
  Numbers numbers{};
  std::size_t place = 1;
  for (std::uint64_t& number : numbers)
    for (int byte = 0; byte < 8; ++byte) number = number << 8 | plain[place++];
  return {{numbers[0], numbers[1]},
          {numbers[2], numbers[3]},
          {numbers[4], numbers[5]},
          {numbers[6], numbers[7]},
          static_cast<std::int64_t>(numbers[8]),
          static_cast<std::int64_t>(numbers[9]),
          numbers[10],
          numbers[11]};
}

}  // namespace

std::string seal_token(const Key& key, const SessionToken& token, platform::Entropy& entropy) {
  sodium_ready();
  const Plain plain = encode(token);
  Sealed sealed;
  entropy.fill(std::as_writable_bytes(std::span(sealed).first(nonce_size)));
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data() + nonce_size, nullptr, plain.data(),
                                             plain.size(), prefix_bytes(), token_prefix.size(),
                                             nullptr, sealed.data(), raw(key));
  std::array<char, sodium_base64_ENCODED_LEN(sealed_size, base64)> text;
  sodium_bin2base64(text.data(), text.size(), sealed.data(), sealed.size(), base64);
  return std::string(token_prefix) + text.data();
}

std::optional<SessionToken> open_token(std::span<const Key* const> keys, std::string_view text) {
  sodium_ready();
  if (!text.starts_with(token_prefix)) return std::nullopt;
  text.remove_prefix(token_prefix.size());
  Sealed sealed;
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(sealed.data(), sealed.size(), text.data(), text.size(), nullptr, &size,
                        &end, base64) != 0 ||
      size != sealed.size() || end != text.data() + text.size())
    return std::nullopt;
  for (const Key* key : keys) {
    Plain plain;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            plain.data(), nullptr, nullptr, sealed.data() + nonce_size, sealed.size() - nonce_size,
            prefix_bytes(), token_prefix.size(), sealed.data(), raw(*key)) != 0)
      continue;
    if (plain[0] != version) return std::nullopt;
    return decode(plain);
  }
  return std::nullopt;
}

}  // namespace postern::credential
