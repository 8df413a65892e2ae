// Small files, read and written whole: keys, settings, markers; large ones in pieces. The functions
// have no state, for any thread; an object belongs to one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "daemon/platform/descriptor.h"
#include "daemon/platform/failure.h"

namespace postern::platform {

/// For a sentence: a path whole, without what would control a terminal.
std::string printable_path(const std::filesystem::path& path);

/// Bytes that this process may still write on the disk that holds `path`.
Expected<std::uint64_t> free_bytes(const std::filesystem::path& path);

/// The whole of a regular file. Fails with `missing`, `not_permitted`, or `configuration` if it is
/// longer than `bytes_max`. The bytes are read into their place once: wiping the result leaves no
/// copy.
Expected<std::vector<std::byte>> read_file(const std::filesystem::path& path,
                                           std::size_t bytes_max = 1'048'576);

/// Replaces or makes `path`, mode 0600, all or nothing, on disk when it returns. One writer at a
/// time for each path. If it fails the old file stands, save when only the last sync of the folder
/// failed.
Expected<> write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

/// All of `bytes` at the end of an open file, which is on disk when it returns; `path` is for
/// failures.
Expected<> write_synced(const Descriptor& file, std::span<const std::byte> bytes,
                        const std::filesystem::path& path);

/// A file in the making, mode 0600, under its name and `.new`. What is not put in place is removed.
class NewFile {
 public:
  /// Replaces what a crash left of the same.
  static Expected<NewFile> create(const std::filesystem::path& path);
  NewFile(NewFile&&) = default;
  ~NewFile();

  Expected<> write(std::span<const std::byte> bytes);
  /// What was written so far is on disk.
  Expected<> sync();
  /// Synced, under its name, and the name too. If it fails what was there stands, save when only
  /// the last sync of the folder failed. The end.
  Expected<> put_in_place();

 private:
  NewFile(std::filesystem::path path, std::filesystem::path fresh, Descriptor file)
      : path_(std::move(path)), fresh_(std::move(fresh)), file_(std::move(file)) {}

  std::filesystem::path path_;
  std::filesystem::path fresh_;
  Descriptor file_;
};

/// A file that is there, read where one likes. Another thread may take over.
class OldFile {
 public:
  /// Fails with `missing`, `not_permitted`, or `configuration` if it is no regular file.
  static Expected<OldFile> open(const std::filesystem::path& path);

  std::uint64_t size() const { return size_; }
  /// All of `bytes`, from `offset` on; fails with `damaged` if the file ends before.
  Expected<> read(std::uint64_t offset, std::span<std::byte> bytes) const;

 private:
  OldFile(std::filesystem::path path, Descriptor file, std::uint64_t size)
      : path_(std::move(path)), file_(std::move(file)), size_(size) {}

  std::filesystem::path path_;
  Descriptor file_;
  std::uint64_t size_;
};

/// Gives a file another name in its folder, replacing what has it; on disk when it returns.
Expected<> rename_synced(const std::filesystem::path& from, const std::filesystem::path& to);

/// The names in the folder are on disk when it returns.
Expected<> sync_folder(const std::filesystem::path& folder);

/// Makes the folder, mode 0700, if it is not there; its name is on disk when it returns.
Expected<> make_folder(const std::filesystem::path& folder);

}  // namespace postern::platform
