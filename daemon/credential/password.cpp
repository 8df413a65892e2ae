// hash   := "$argon2id$v=19$m=" memory_kib ",t=" passes ",p=1$" salt "$" digest
// salt   := base64(16 bytes)        digest := base64(32 bytes)        base64 without padding
// short  := memory_kib:u32 passes:u32 salt[16] digest[32]              big-endian
#include "daemon/credential/password.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string_view>

#include "daemon/credential/foreign_hash.h"
#include "daemon/credential/sodium_ready.h"
#include "daemon/platform/require.h"

namespace postern::credential {

namespace {

struct Argon2Hash {
  PasswordCost cost;
  std::array<unsigned char, crypto_pwhash_argon2id_SALTBYTES> salt{};
  std::array<unsigned char, 32> digest{};

  ~Argon2Hash() { sodium_memzero(digest.data(), digest.size()); }
};

constexpr int base64 = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;

template <std::size_t size>
std::string encode(const std::array<unsigned char, size>& bytes) {
  std::array<char, sodium_base64_ENCODED_LEN(size, base64)> text;
  return sodium_bin2base64(text.data(), text.size(), bytes.data(), size, base64);
}

std::string encode(const Argon2Hash& hash) {
  return "$argon2id$v=19$m=" + std::to_string(hash.cost.memory_kib) +
         ",t=" + std::to_string(hash.cost.passes) + ",p=1$" + encode(hash.salt) + "$" +
         encode(hash.digest);
}

/// Takes `text` off the front of `rest`; the next of them finds nothing once one is not there.
class Parser {
 public:
  explicit Parser(std::string_view rest) : rest_(rest) {}

  void expect(std::string_view text) {
    good_ = good_ && rest_.starts_with(text);
    if (good_) rest_.remove_prefix(text.size());
  }

  std::uint32_t number() {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    good_ = good_ && error == std::errc();
    if (good_) rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }

  template <std::size_t size>
  void bytes(std::array<unsigned char, size>& out) {
    std::size_t found = 0;
    const char* end = nullptr;
    good_ = good_ &&
            sodium_base642bin(out.data(), size, rest_.data(), rest_.size(), nullptr, &found, &end,
                              base64) == 0 &&
            found == size;
    if (good_) rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
  }

  bool at_end() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

std::optional<Argon2Hash> decode(std::string_view text) {
  Parser parser(text);
  Argon2Hash hash;
  parser.expect("$argon2id$v=19$m=");
  hash.cost.memory_kib = parser.number();
  parser.expect(",t=");
  hash.cost.passes = parser.number();
  parser.expect(",p=1$");
  parser.bytes(hash.salt);
  parser.expect("$");
  parser.bytes(hash.digest);
  if (!parser.at_end() || hash.cost.memory_kib < 8 || hash.cost.passes < 1) return std::nullopt;
  return hash;
}

/// Fills in the digest that `password` has at the hash's cost and salt.
void derive(const Secret& password, Argon2Hash& hash) {
  sodium_ready();
  const std::string_view text = password.reveal();
  const int result = crypto_pwhash_argon2id(hash.digest.data(), hash.digest.size(), text.data(),
                                            text.size(), hash.salt.data(), hash.cost.passes,
                                            std::size_t{hash.cost.memory_kib} * 1'024,
                                            crypto_pwhash_argon2id_ALG_ARGON2ID13);
  // Within its bounds it fails for want of memory alone.
  require(result == 0);
}

bool is_made_from(const Argon2Hash& hash, const Secret& password) {
  Argon2Hash tried = hash;
  derive(password, tried);
  return sodium_memcmp(tried.digest.data(), hash.digest.data(), hash.digest.size()) == 0;
}

}  // namespace

std::optional<ShortHash> short_hash_of(std::string_view hash) {
  const auto decoded = decode(hash);
  if (!decoded) return std::nullopt;
  ShortHash made{};
  auto place = made.begin();
  for (const std::uint32_t number : {decoded->cost.memory_kib, decoded->cost.passes})
    for (const int shift : {24, 16, 8, 0}) *place++ = static_cast<std::uint8_t>(number >> shift);
  place = std::ranges::copy(decoded->salt, place).out;
  std::ranges::copy(decoded->digest, place);
  std::string again = string_of(made);
  const WipeAtEnd wiping{std::as_writable_bytes(std::span(again))};
  if (again == hash) return made;
  wipe(std::as_writable_bytes(std::span(made)));
  return std::nullopt;
}

std::string string_of(const ShortHash& hash) {
  Argon2Hash made;
  auto place = hash.begin();
  for (std::uint32_t* number : {&made.cost.memory_kib, &made.cost.passes}) {
    *number = 0;
    for (int byte = 0; byte < 4; ++byte) *number = *number << 8 | *place++;
  }
  std::copy_n(place, made.salt.size(), made.salt.begin());
  std::copy_n(place + made.salt.size(), made.digest.size(), made.digest.begin());
  return encode(made);
}

std::string hash_password(const Secret& password, PasswordCost cost) {
  require(cost.memory_kib >= 8 && cost.passes >= 1);
  sodium_ready();
  Argon2Hash hash{.cost = cost};
  randombytes_buf(hash.salt.data(), hash.salt.size());
  derive(password, hash);
  return encode(hash);
}

HashKind kind_of_hash(std::string_view hash) {
  if (is_foreign_hash(hash)) return HashKind::foreign;
  // Of what others chose, so that nobody waits for it.
  constexpr std::uint32_t memory_kib_max = 262'144;
  constexpr std::uint32_t passes_max = 16;
  const auto decoded = decode(hash);
  const bool is_known =
      decoded && decoded->cost.memory_kib <= memory_kib_max && decoded->cost.passes <= passes_max;
  return is_known ? HashKind::argon2id : HashKind::unknown;
}

bool verify_password(const std::string& hash, const Secret& password) {
  if (is_foreign_hash(hash)) return verify_foreign(hash, password);
  const auto decoded = decode(hash);
  return decoded && is_made_from(*decoded, password);
}

bool needs_rehash(const std::string& hash, PasswordCost cost) {
  const auto decoded = decode(hash);
  return !decoded || decoded->cost != cost;
}

void verify_nothing(const Secret& password, PasswordCost cost) {
  // No password is known whose digest is zero.
  require(!verify_password(encode(Argon2Hash{.cost = cost}), password));
}

}  // namespace postern::credential
