#include "daemon/credential/key_store.h"

#include <sodium.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "daemon/credential/file_key_store.h"
#include "daemon/credential/sealed_key_folder.h"
#include "daemon/credential/sodium_ready.h"
#include "daemon/platform/require.h"

namespace postern::credential {

Commitment commitment_to(const Key& key) {
  constexpr unsigned char personal[] = "postern key hash";
  static_assert(sizeof personal == crypto_generichash_blake2b_PERSONALBYTES + 1);
  sodium_ready();
  Commitment commitment;
  require(crypto_generichash_blake2b_salt_personal(
              reinterpret_cast<unsigned char*>(commitment.data()), commitment.size(),
              reinterpret_cast<const unsigned char*>(key.data()), key.size(), nullptr, 0, nullptr,
              personal) == 0);
  return commitment;
}

std::string_view name_of(OwnKey key) {
  switch (key) {
    case OwnKey::contents_hash:
      return "contents-hash";
    case OwnKey::server_curve_secret:
      return "server-curve-secret";
    case OwnKey::checkpoint_signing:
      return "checkpoint-signing";
    case OwnKey::api_keys:
      return "api-keys";
    case OwnKey::session_tokens:
      return "session-tokens";
    case OwnKey::session_tokens_before:
      return "session-tokens-before";
  }
  invariant_broken("an own key has a name", __FILE__, __LINE__);
}

static std::unexpected<Failure> cannot_make(const std::filesystem::path& folder) {
  const bool not_permitted = errno == EACCES || errno == EPERM;
  return std::unexpected(
      Failure{not_permitted ? FailureKind::not_permitted : FailureKind::cannot_create,
              "cannot make the folder '" + folder.string() + "': " + std::strerror(errno),
              "make its parent folder, owned by the user that the daemon runs as"});
}

Expected<> KeyStore::create(const std::filesystem::path& folder, platform::Entropy& entropy) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return cannot_make(folder);
  const auto keys = open_key_folder(folder, entropy);
  if (!keys) return std::unexpected(keys.error());
  if (auto created = FileKeyStore::create(**keys, entropy); !created) return created;
  // It may have been there, empty and open to others.
  if (::chmod(folder.c_str(), 0700) != 0) return cannot_make(folder);
  return KeyFolder(folder / "..").sync();
}

Expected<> KeyStore::change_server_key(const std::filesystem::path& folder, ServerKeyStep step,
                                       platform::Entropy& entropy) {
  const auto keys = open_key_folder(folder, entropy);
  if (!keys) return std::unexpected(keys.error());
  return FileKeyStore::change_server_key(**keys, step, entropy);
}

Expected<std::unique_ptr<KeyStore>> KeyStore::open(const std::filesystem::path& folder,
                                                   platform::Entropy& entropy) {
  auto keys = open_key_folder(folder, entropy);
  if (!keys) return std::unexpected(keys.error());
  return FileKeyStore::open(std::move(*keys), entropy, {});
}

}  // namespace postern::credential
