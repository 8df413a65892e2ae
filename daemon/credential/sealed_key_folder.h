// The key store's folder whose root file is sealed under a key that lies elsewhere: with the
// service manager, which hands it over at each start (systemd's LoadCredential=,
// LoadCredentialEncrypted=).
#pragma once

#include <memory>

#include "daemon/credential/key_folder.h"
#include "daemon/credential/locked_keys.h"
#include "daemon/platform/entropy.h"

namespace postern::credential {

/// What the service manager's file is called, in $CREDENTIALS_DIRECTORY.
inline constexpr char sealing_credential[] = "postern-keys";

/// As KeyFolder. A root file that is not sealed is read as it is, and the next one is sealed.
class SealedKeyFolder final : public KeyFolder {
 public:
  /// `entropy` outlives it.
  SealedKeyFolder(std::filesystem::path path, const Key& key, platform::Entropy& entropy);

  /// Kind `configuration` if the root file was sealed under another key, or is not as it was.
  Expected<std::vector<std::byte>> read(const std::string& name,
                                        std::size_t size_max) const override;
  Expected<> write(const std::string& name, std::span<const std::byte> bytes) override;
  bool seals_root() const override { return true; }

 private:
  LockedKeys key_;
  platform::Entropy& entropy_;
};

/// Seals the root file that lies there, unless it is sealed or the service manager hands over no
/// key. On disk when it returns. While nobody else writes in the folder; an open store goes on.
Expected<> seal_root(const std::filesystem::path& folder, platform::Entropy& entropy);

/// Whether these bytes are a root file that is sealed.
bool is_sealed_root(std::span<const std::byte> bytes);

/// The folder, sealed where the service manager hands over a key. Fails if that cannot be read or
/// is shorter than 32 bytes.
Expected<std::unique_ptr<KeyFolder>> open_key_folder(const std::filesystem::path& path,
                                                     platform::Entropy& entropy);

}  // namespace postern::credential
