// The parts of a bundle's file, one after the other, for whoever reads bundles in this folder.
#pragma once

#include <filesystem>
#include <string>

#include "backup_generated.h"
#include "daemon/journal/checkpoint.h"
#include "daemon/journal/sha256.h"
#include "daemon/platform/message_file.h"

namespace postern::journal {

Failure damaged_bundle(const std::filesystem::path& file, const std::string& what);

inline View view_of(const flatbuffers::Vector<std::uint8_t>* bytes) {
  if (bytes == nullptr) return {};
  return std::as_bytes(std::span(bytes->data(), bytes->size()));
}

/// Owned by one thread. Where the first part says that the file ends with its digest, reading all
/// of it in order checks that.
class BundleFile {
 public:
  static Expected<BundleFile> open(const std::filesystem::path& path);

  std::uint64_t offset() const { return file_.offset(); }
  /// Reads on from a part; then no digest is checked.
  void seek(std::uint64_t offset);
  /// Valid until the next call; null at the end.
  Expected<const schema::BundlePart*> next();

 private:
  BundleFile(std::filesystem::path path, platform::MessageFile file)
      : path_(std::move(path)), file_(std::move(file)) {}

  void add_to_digest(std::span<const std::uint8_t> bytes);
  Expected<const schema::BundlePart*> finish(std::span<const std::uint8_t> last);

  std::filesystem::path path_;
  platform::MessageFile file_;
  Sha256 digest_;
  bool in_order_ = true;
  bool ends_with_digest_ = false;
};

/// What the first part says.
struct SignedBundle {
  Checkpoint checkpoint;
  std::string note;
  std::string verifier_key;
};
Expected<SignedBundle> read_first_part(const std::filesystem::path& file,
                                       const schema::BundlePart* part);

}  // namespace postern::journal
