#include <sys/random.h>
#include <zmq.h>

#include <cstring>

#include "tools/client/client.h"

namespace postern::client {
namespace {

constexpr char hexadecimal[] = "0123456789abcdef";

std::optional<unsigned> digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10;
  if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A') + 10;
  return std::nullopt;
}

bool dash_at(std::size_t place) { return place == 8 || place == 13 || place == 18 || place == 23; }

/// The first bytes of a process may have to wait for the system's pool; after that this cannot
/// fail.
void fill_from_entropy(std::span<std::uint8_t> bytes) {
  while (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
  }
}

}  // namespace

void wipe(std::string& secret) {
  // Grown to its capacity first, so that what an earlier, longer value left behind goes too.
  secret.resize(secret.capacity());
  ::explicit_bzero(secret.data(), secret.size());
  secret.clear();
}

KeyPair make_key_pair() {
  char public_text[41];
  char secret_text[41];
  KeyPair pair;
  if (::zmq_curve_keypair(public_text, secret_text) == 0) {
    ::zmq_z85_decode(pair.public_key.data(), public_text);
    ::zmq_z85_decode(pair.secret_key.data(), secret_text);
  }
  ::explicit_bzero(secret_text, sizeof secret_text);
  return pair;
}

std::string key_text(const Key& key) {
  std::string text(41, '\0');
  ::zmq_z85_encode(text.data(), key.data(), key.size());
  text.resize(40);
  return text;
}

std::optional<Key> parse_key(std::string_view z85) {
  if (z85.size() != 40) return std::nullopt;
  std::string text(z85);
  Key key;
  const bool decoded = ::zmq_z85_decode(key.data(), text.c_str()) != nullptr;
  wipe(text);
  if (!decoded) return std::nullopt;
  return key;
}

schema::Uuid make_uuid() {
  std::array<std::uint64_t, 2> random;
  fill_from_entropy({reinterpret_cast<std::uint8_t*>(random.data()), sizeof random});
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto milliseconds = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  const std::uint64_t high = (milliseconds << 16) | 0x7000u | (random[0] & 0xfffu);
  const std::uint64_t low = (std::uint64_t{1} << 63) | (random[1] >> 2);
  return {high, low};
}

std::string uuid_text(const schema::Uuid& id) {
  std::string text;
  text.reserve(36);
  for (unsigned nibble = 0; nibble < 32; ++nibble) {
    if (dash_at(text.size())) text += '-';
    const std::uint64_t half = nibble < 16 ? id.high() : id.low();
    text += hexadecimal[(half >> (60 - 4 * (nibble % 16))) & 0xf];
  }
  return text;
}

std::optional<schema::Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::array<std::uint64_t, 2> halves{};
  unsigned nibble = 0;
  for (std::size_t place = 0; place < text.size(); ++place) {
    if (dash_at(place)) {
      if (text[place] != '-') return std::nullopt;
      continue;
    }
    const auto value = digit_value(text[place]);
    if (!value) return std::nullopt;
    std::uint64_t& half = halves[nibble++ / 16];
    half = (half << 4) | *value;
  }
  return schema::Uuid{halves[0], halves[1]};
}

}  // namespace postern::client
