// sealed root := magic[8] nonce[24] ciphertext tag[16]
//   magic      := "PSTNSEAL"; authenticated, not encrypted
//   ciphertext := the root file (key_format.cpp), XChaCha20-Poly1305
#include "daemon/credential/sealed_key_folder.h"

#include <sodium.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "daemon/credential/key_format.h"
#include "daemon/credential/sodium_ready.h"
#include "daemon/platform/files.h"
#include "daemon/platform/require.h"

namespace postern::credential {

namespace {

constexpr std::string_view magic = "PSTNSEAL";
constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t overhead = magic.size() + nonce_size + tag_size;
/// Of what the service manager hands over.
constexpr std::size_t credential_bytes_min = 32;
constexpr std::size_t credential_bytes_max = 65'536;

const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}
unsigned char* raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* raw_magic() { return reinterpret_cast<const unsigned char*>(magic.data()); }

/// A key from whatever was handed over: all of its bytes count.
Expected<Key> derive_key(std::span<const std::byte> credential, const std::string& path) {
  constexpr unsigned char personal[] = "postern key root";
  static_assert(sizeof personal == crypto_generichash_blake2b_PERSONALBYTES + 1);
  if (credential.size() < credential_bytes_min)
    return std::unexpected(Failure{FailureKind::configuration,
                                   path + " holds fewer than 32 bytes: too few for a key",
                                   "Make it anew: openssl rand -hex 32"});
  sodium_ready();
  Key key;
  require(crypto_generichash_blake2b_salt_personal(raw(key.data()), key.size(),
                                                   raw(credential.data()), credential.size(),
                                                   nullptr, 0, nullptr, personal) == 0);
  return key;
}

}  // namespace

bool is_sealed_root(std::span<const std::byte> bytes) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

SealedKeyFolder::SealedKeyFolder(std::filesystem::path path, const Key& key,
                                 platform::Entropy& entropy)
    : KeyFolder(std::move(path)), entropy_(entropy) {
  key_.push_back(key);
}

Expected<std::vector<std::byte>> SealedKeyFolder::read(const std::string& name,
                                                       std::size_t size_max) const {
  if (name != root_name) return KeyFolder::read(name, size_max);
  auto bytes = KeyFolder::read(name, size_max + overhead);
  if (!bytes || !is_sealed_root(*bytes)) return bytes;
  const std::span<const std::byte> sealed(*bytes);
  std::vector<std::byte> opened(sealed.size() < overhead ? 0 : sealed.size() - overhead);
  const auto ciphertext = sealed.subspan(std::min(magic.size() + nonce_size, sealed.size()));
  if (sealed.size() < overhead ||
      crypto_aead_xchacha20poly1305_ietf_decrypt(
          raw(opened.data()), nullptr, nullptr, raw(ciphertext.data()), ciphertext.size(),
          raw_magic(), magic.size(), raw(sealed.data() + magic.size()), raw(key_[0].data())) != 0)
    return std::unexpected(
        Failure{FailureKind::configuration,
                "'" + path_of(name).string() +
                    "' was sealed under another key than the service manager hands over, or is not "
                    "as it was",
                std::string("Hand over the key it was sealed under (LoadCredential=") +
                    sealing_credential + ":FILE), or restore a backup."});
  return opened;
}

Expected<> SealedKeyFolder::write(const std::string& name, std::span<const std::byte> bytes) {
  if (name != std::string(root_name) + temporary_suffix) return KeyFolder::write(name, bytes);
  std::vector<std::byte> sealed(bytes.size() + overhead);
  const std::span<std::byte> all(sealed);
  std::memcpy(all.data(), magic.data(), magic.size());
  const auto nonce = all.subspan(magic.size(), nonce_size);
  entropy_.fill(nonce);
  require(crypto_aead_xchacha20poly1305_ietf_encrypt(
              raw(all.data() + magic.size() + nonce_size), nullptr, raw(bytes.data()), bytes.size(),
              raw_magic(), magic.size(), nullptr, raw(nonce.data()), raw(key_[0].data())) == 0);
  return KeyFolder::write(name, sealed);
}

Expected<std::unique_ptr<KeyFolder>> open_key_folder(const std::filesystem::path& path,
                                                     platform::Entropy& entropy) {
  const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
  if (credentials == nullptr || *credentials == '\0') return std::make_unique<KeyFolder>(path);
  const auto file = std::filesystem::path(credentials) / sealing_credential;
  auto bytes = platform::read_file(file, credential_bytes_max);
  if (!bytes && bytes.error().kind == FailureKind::missing)
    return std::make_unique<KeyFolder>(path);
  if (!bytes) return std::unexpected(bytes.error());
  const WipeAtEnd wiping{*bytes};
  auto key = derive_key(*bytes, platform::printable_path(file));
  if (!key) return std::unexpected(key.error());
  const WipeAtEnd wiping_key{*key};
  return std::make_unique<SealedKeyFolder>(path, *key, entropy);
}

Expected<> seal_root(const std::filesystem::path& folder, platform::Entropy& entropy) {
  const auto keys = open_key_folder(folder, entropy);
  if (!keys) return std::unexpected(keys.error());
  if (!(*keys)->seals_root()) return {};
  auto bytes = KeyFolder(folder).read(root_name, root_size_max + overhead);
  if (!bytes) return std::unexpected(bytes.error());
  const WipeAtEnd wiping{*bytes};
  if (is_sealed_root(*bytes)) return {};
  const std::string temporary = std::string(root_name) + temporary_suffix;
  if (auto written = (*keys)->write(temporary, *bytes); !written) return written;
  if (auto renamed = (*keys)->rename(temporary, root_name); !renamed) return renamed;
  return (*keys)->sync();
}

}  // namespace postern::credential
