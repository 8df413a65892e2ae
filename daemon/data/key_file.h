// An operator's key pair in a file, as the command line reads and writes it: two lines of TOML, for
// its owner's eyes alone. Functions without state.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "daemon/credential/curve.h"
#include "daemon/credential/key_store.h"
#include "daemon/platform/descriptor.h"
#include "daemon/platform/failure.h"

namespace postern::data {

/// A key file that is to be: its name is taken before anything is done that needs the key. Goes
/// with this object unless it is kept.
class NewKeyFile {
 public:
  /// Fails with `cannot_create` if something has this name: nothing is overwritten.
  static Expected<NewKeyFile> create(const std::filesystem::path& file);
  NewKeyFile(NewKeyFile&& other) noexcept
      : path_(std::exchange(other.path_, {})), file_(std::move(other.file_)), kept_(other.kept_) {}
  NewKeyFile& operator=(NewKeyFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(file_, other.file_);
    std::swap(kept_, other.kept_);
    return *this;
  }
  ~NewKeyFile();

  /// On disk when it returns. Once.
  Expected<> write(const credential::CurveKeyPair& pair);
  void keep() { kept_ = true; }
  const std::filesystem::path& path() const { return path_; }

 private:
  NewKeyFile(std::filesystem::path path, platform::Descriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}

  /// Empty: it was moved from.
  std::filesystem::path path_;
  platform::Descriptor file_;
  bool kept_ = false;
};

/// The public half, if it is a key file that can be read.
std::optional<credential::CurveKey> read_public_key(const std::filesystem::path& file);

/// The secret half; to be wiped. Fails with `usage` if the file holds none, with `not_permitted` if
/// others than its owner may use it.
Expected<credential::Key> read_secret_key(const std::filesystem::path& file);

}  // namespace postern::data
