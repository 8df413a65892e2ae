// root      := magic[8] version:u32 own_count:u32 own{own_count} file_count:u32 file{file_count}
//              checksum[32]
//   magic    := "PSTNROOT"
//   own      := purpose_length:u8 purpose[purpose_length] key[32]
//   file     := number:u32 wrapping_key[32]             numbers are 1, 2, 3 ...
//   checksum := BLAKE2b-256(all before)
//
// key file  := header slot{4096} trailer
//   header   := magic[8] version:u32 number:u32
//   magic    := "PSTNKEYS"
//   slot     := ciphertext[32] tag[16] | zero[48]       zero: erased
//               ChaCha20-Poly1305 (RFC 8439) of the user's key under the file's wrapping key,
//               nonce := zero[8] slot_number:u32
//   trailer  := BLAKE2b-256(all before), keyed with KDF(wrapping key, "trailer_", 1)
//
// Integers are big-endian. A wrapping key serves one version of one file: a file that changes gets
// a new one, so a nonce never serves two keys. In every version of either format, magic and version
// come first and the checksum or trailer is the last 32 bytes, so that damage is told from novelty.
#include "daemon/credential/key_format.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "daemon/credential/secret.h"
#include "daemon/credential/sodium_ready.h"
#include "daemon/platform/require.h"

namespace postern::credential {

namespace {

constexpr std::string_view root_magic = "PSTNROOT";
constexpr std::string_view key_file_magic = "PSTNKEYS";
constexpr std::string_view key_file_prefix = "keys-";
constexpr std::size_t file_number_digits = 8;
constexpr std::uint32_t version = 1;
constexpr std::size_t number_size = 4;
constexpr std::size_t hash_size = 32;

using Bytes = std::span<const std::byte>;
using Hash = std::array<std::byte, hash_size>;

const unsigned char* raw(Bytes bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* raw(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

Hash hash_of(Bytes bytes, Bytes key = {}) {
  Hash hash;
  require(crypto_generichash(raw(std::span<std::byte>(hash)), hash.size(), raw(bytes), bytes.size(),
                             raw(key), key.size()) == 0);
  return hash;
}

Hash trailer_of(Bytes bytes, const Key& wrapping) {
  Key key;
  const WipeAtEnd wiping{key};
  require(crypto_kdf_derive_from_key(raw(std::span<std::byte>(key)), key.size(), 1, "trailer_",
                                     raw(wrapping)) == 0);
  return hash_of(bytes, key);
}

void append(std::vector<std::byte>& out, Bytes bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void append(std::vector<std::byte>& out, std::string_view text) {
  append(out, std::as_bytes(std::span(text)));
}

void append(std::vector<std::byte>& out, std::uint32_t number) {
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::byte>(number >> shift));
}

/// Takes values from the front; what is not there reads as zero and makes `good` false for good.
class Reader {
 public:
  explicit Reader(Bytes bytes) : bytes_(bytes) {}

  Bytes take(std::size_t size) {
    good_ = good_ && size <= bytes_.size();
    if (!good_) return {};
    const Bytes taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }

  std::uint32_t number(std::size_t size = number_size) {
    std::uint32_t number = 0;
    for (const std::byte byte : take(size))
      number = number << 8 | std::to_integer<std::uint32_t>(byte);
    return number;
  }

  std::string_view text(std::size_t size) {
    const Bytes taken = take(size);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

  void key_into(LockedKeys& keys) {
    Key key{};
    const WipeAtEnd wiping{key};
    std::ranges::copy(take(key.size()), key.begin());
    keys.push_back(key);
  }

  bool good() const { return good_; }
  bool at_end() const { return good_ && bytes_.empty(); }

 private:
  Bytes bytes_;
  bool good_ = true;
};

std::unexpected<Failure> damaged(const std::string& path, const std::string& what) {
  return std::unexpected(damage(path, what));
}

std::string slot_text(std::uint16_t slot) { return "slot " + std::to_string(slot); }

/// Magic and version of bytes whose checksum or trailer is right.
Expected<> check_start(Reader& reader, std::string_view magic, const std::string& path) {
  if (reader.text(magic.size()) != magic)
    return damaged(path, "does not begin as such a file does");
  const std::uint32_t found = reader.number();
  if (found > version)
    return std::unexpected(Failure{FailureKind::configuration,
                                   "'" + path + "' has format " + std::to_string(found) +
                                       ", and this version knows " + std::to_string(version),
                                   "run the version of Postern that wrote it, or a newer one"});
  return {};
}

std::array<unsigned char, crypto_aead_chacha20poly1305_IETF_NPUBBYTES> nonce_of(
    std::uint16_t slot) {
  std::array<unsigned char, crypto_aead_chacha20poly1305_IETF_NPUBBYTES> nonce{};
  nonce[10] = static_cast<unsigned char>(slot >> 8);
  nonce[11] = static_cast<unsigned char>(slot);
  return nonce;
}

bool is_erased(Bytes slot) {
  return std::ranges::all_of(slot, [](std::byte byte) { return byte == std::byte{0}; });
}

/// What is wrong with a key file of the right length whose trailer does not match.
Failure find_difference(Bytes bytes, const Key& wrapping, const std::string& path) {
  Key key;
  const WipeAtEnd wiping{key};
  std::optional<std::uint16_t> zeroed;
  for (std::uint16_t slot = 0; slot < KeyStore::slots_per_file; ++slot) {
    const SlotContents contents = open_slot(slot_bytes(bytes, slot), slot, wrapping, key);
    if (contents == SlotContents::unreadable) return unreadable_slot(path, slot);
    if (contents == SlotContents::erased && !zeroed) zeroed = slot;
  }
  if (zeroed)
    return damage(path, slot_text(*zeroed) + " was overwritten with zeros by something else");
  return damage(path, "its header or trailer is not as it was written");
}

}  // namespace

Failure damage(const std::string& path, const std::string& what) {
  return {FailureKind::damaged, "'" + path + "' is damaged: " + what,
          "restore the keys folder from a backup of the key store (postern backup keys)"};
}

Failure unreadable_slot(const std::string& path, std::uint16_t slot) {
  return damage(path, slot_text(slot) + " is not as it was written");
}

std::string key_file_name(std::uint32_t number) {
  const std::string digits = std::to_string(number);
  const std::size_t zeros = file_number_digits - std::min(file_number_digits, digits.size());
  return std::string(key_file_prefix) + std::string(zeros, '0') + digits;
}

std::optional<std::uint32_t> key_file_number(std::string_view name) {
  if (!name.starts_with(key_file_prefix)) return {};
  const std::string_view digits = name.substr(key_file_prefix.size());
  std::uint32_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (name != key_file_name(number)) return {};
  return number;
}

std::vector<std::byte> encode_root(const Root& root) {
  sodium_ready();
  std::vector<std::byte> out;
  std::size_t size = root_magic.size() + 3 * number_size + hash_size +
                     root.wrapping.size() * (number_size + sizeof(Key));
  for (const std::string& purpose : root.purposes) size += 1 + purpose.size() + sizeof(Key);
  // In one piece from the start: a vector that grows leaves unwiped copies behind.
  out.reserve(size);
  append(out, root_magic);
  append(out, version);
  append(out, static_cast<std::uint32_t>(root.own.size()));
  for (std::size_t i = 0; i < root.own.size(); ++i) {
    out.push_back(static_cast<std::byte>(root.purposes[i].size()));
    append(out, root.purposes[i]);
    append(out, root.own[i]);
  }
  append(out, static_cast<std::uint32_t>(root.wrapping.size()));
  for (std::size_t i = 0; i < root.wrapping.size(); ++i) {
    append(out, static_cast<std::uint32_t>(i + 1));
    append(out, root.wrapping[i]);
  }
  append(out, hash_of(out));
  require(out.size() == size);
  return out;
}

Expected<> decode_root(Bytes bytes, const std::string& path, Root& root) {
  sodium_ready();
  if (bytes.size() < hash_size) return damaged(path, "it is cut short");
  const Bytes body = bytes.first(bytes.size() - hash_size);
  if (!std::ranges::equal(hash_of(body), bytes.last(hash_size)))
    return damaged(path, "its checksum does not match");
  Reader reader(body);
  if (auto start = check_start(reader, root_magic, path); !start) return start;
  for (std::uint32_t left = reader.number(); left > 0 && reader.good(); --left) {
    root.purposes.emplace_back(reader.text(reader.number(1)));
    reader.key_into(root.own);
  }
  const std::uint32_t file_count = reader.number();
  for (std::uint32_t number = 1; number <= file_count && reader.good(); ++number) {
    if (reader.number() != number) return damaged(path, "its list of key files is out of order");
    reader.key_into(root.wrapping);
  }
  if (!reader.at_end()) return damaged(path, "its length does not fit its contents");
  return {};
}

namespace {

/// With all slots empty, and without its trailer.
std::vector<std::byte> begin_key_file(std::uint32_t number) {
  sodium_ready();
  std::vector<std::byte> out;
  out.reserve(key_file_size);
  append(out, key_file_magic);
  append(out, version);
  append(out, number);
  out.resize(key_file_size - key_file_trailer_size);
  return out;
}

void fill_slot(std::span<std::byte> file, std::uint16_t slot, const Key& key, const Key& wrapping) {
  crypto_aead_chacha20poly1305_ietf_encrypt(raw(file.subspan(slot_offset(slot), slot_size)),
                                            nullptr, raw(key), sizeof(Key), nullptr, 0, nullptr,
                                            nonce_of(slot).data(), raw(wrapping));
}

}  // namespace

std::vector<std::byte> encode_key_file(std::uint32_t number, const Key& wrapping,
                                       std::span<const Key> keys) {
  require(keys.size() == KeyStore::slots_per_file);
  std::vector<std::byte> out = begin_key_file(number);
  for (std::uint16_t slot = 0; slot < KeyStore::slots_per_file; ++slot)
    fill_slot(out, slot, keys[slot], wrapping);
  append(out, trailer_of(out, wrapping));
  return out;
}

std::vector<std::byte> rewrite_key_file(Bytes bytes, std::uint32_t number, const Key& wrapping,
                                        const Key& new_wrapping,
                                        std::span<const std::uint16_t> erased) {
  std::vector<std::byte> out = begin_key_file(number);
  Key key;
  const WipeAtEnd wiping{key};
  for (std::uint16_t slot = 0; slot < KeyStore::slots_per_file; ++slot) {
    if (std::ranges::find(erased, slot) != erased.end()) continue;
    const auto place = bytes.subspan(slot_offset(slot)).first<slot_size>();
    const SlotContents contents = open_slot(place, slot, wrapping, key);
    require(contents != SlotContents::unreadable);
    if (contents == SlotContents::key) fill_slot(out, slot, key, new_wrapping);
  }
  append(out, trailer_of(out, new_wrapping));
  return out;
}

Expected<> check_key_file(Bytes bytes, std::uint32_t number, const Key& wrapping,
                          const std::string& path) {
  sodium_ready();
  const std::string length =
      "it is " + std::to_string(bytes.size()) + " bytes long, not " + std::to_string(key_file_size);
  if (bytes.size() < key_file_trailer_size) return damaged(path, length);
  const Bytes body = bytes.first(bytes.size() - key_file_trailer_size);
  const bool as_written =
      std::ranges::equal(trailer_of(body, wrapping), bytes.last(key_file_trailer_size));
  if (!as_written && bytes.size() != key_file_size) return damaged(path, length);
  if (!as_written) return std::unexpected(find_difference(bytes, wrapping, path));
  Reader reader(body);
  if (auto start = check_start(reader, key_file_magic, path); !start) return start;
  if (reader.number() != number) return damaged(path, "it is the file of another number");
  if (bytes.size() != key_file_size) return damaged(path, length);
  return {};
}

SlotContents open_slot(std::span<const std::byte, slot_size> bytes, std::uint16_t slot,
                       const Key& wrapping, Key& key) {
  Key found;
  const WipeAtEnd wiping{found};
  if (crypto_aead_chacha20poly1305_ietf_decrypt(raw(std::span<std::byte>(found)), nullptr, nullptr,
                                                raw(bytes), bytes.size(), nullptr, 0,
                                                nonce_of(slot).data(), raw(wrapping)) != 0)
    return is_erased(bytes) ? SlotContents::erased : SlotContents::unreadable;
  key = found;
  return SlotContents::key;
}

}  // namespace postern::credential
