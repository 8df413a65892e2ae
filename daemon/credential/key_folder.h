// The key store's folder on disk: what it reads and the four ways it changes it.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "daemon/platform/failure.h"

namespace postern::credential {

/// Any thread may read; one at a time changes. The virtual functions are the seam of the fault
/// tests. Failures: `missing`, `not_permitted`, else `input_output`; each names the path and the
/// cause.
class KeyFolder {
 public:
  explicit KeyFolder(std::filesystem::path path) : path_(std::move(path)) {}
  virtual ~KeyFolder() = default;

  std::filesystem::path path_of(const std::string& name) const { return path_ / name; }

  /// Names of the entries.
  Expected<std::vector<std::string>> list() const;

  /// A whole file of at most `size_max` bytes; of a longer one, `size_max + 1`.
  virtual Expected<std::vector<std::byte>> read(const std::string& name,
                                                std::size_t size_max) const;

  /// Fills `out` from a place in a file.
  Expected<> read_at(const std::string& name, std::size_t offset, std::span<std::byte> out) const;

  /// Makes a file of these bytes, readable by its owner alone, in the place of one of that name,
  /// and syncs it. Always a new inode, so that trying again after a failed sync is honest.
  virtual Expected<> write(const std::string& name, std::span<const std::byte> bytes);

  /// Replaces `to`.
  virtual Expected<> rename(const std::string& from, const std::string& to);

  virtual Expected<> remove(const std::string& name);

  /// Makes what was written, renamed and removed so far last a loss of power.
  virtual Expected<> sync();

  /// A root file that is written here is sealed (sealed_key_folder.h).
  virtual bool seals_root() const { return false; }

 private:
  std::filesystem::path path_;
};

}  // namespace postern::credential
